#!/bin/sh
# backup_memory.sh: back up the memory, for cron. Nobody who uses it has to wait.
#
#   0 2 * * * /usr/local/share/enhanced-memory/backup_memory.sh
#
# Keeps the backups of the last 7 days in ~/memory_backups, each of mode 0600, and
# prints one line. These may be set in the crontab:
#
#   BACKUP_DIR       another folder; it may lie on a NAS
#   KEEP_DAYS        another number of days (7)
#   ENCRYPT_TO       who can read them: age1..., ssh-..., or a key of gpg
#   MEMORY_DB_PATH   another database; MEMORY_DB_SOCKET another service
#   MEMORYCTL        where memoryctl is (else the one this script was installed
#                    with, else the one on PATH)
#
# Exit codes: 0 done; 1 the database is damaged, or there is none; 75 a backup
# into this folder is still under way, of this script or of somebody's memoryctl;
# 100 a setting is wrong; 111 no room, no rights, no memoryctl, no service. What
# was there before is still there then.
set -eu
umask 077

fail()
{
	code=$1
	shift
	echo "backup_memory.sh: $*" >&2
	exit "$code"
}

# cron knows few folders.
PATH=${PATH:-/usr/bin:/bin}:/usr/local/bin
export PATH
beside=$(dirname -- "$0")/../../bin/memoryctl
[ -x "$beside" ] || beside=memoryctl
memoryctl=${MEMORYCTL:-$beside}
keep_days=${KEEP_DAYS:-7}
[ -n "${BACKUP_DIR:-}" ] || [ -n "${HOME:-}" ] ||
	fail 100 "neither BACKUP_DIR nor HOME is set"
folder=${BACKUP_DIR:-$HOME/memory_backups}

case $keep_days in
'' | *[!0-9]* | 0*) fail 100 "KEEP_DAYS is '$keep_days', no number of days" ;;
esac
command -v "$memoryctl" >/dev/null 2>&1 ||
	fail 111 "no $memoryctl; MEMORYCTL says where it is"
mkdir -p -- "$folder" || fail 111 "cannot make $folder"

# Two of these at once, or one beside a memoryctl of somebody: the second has
# nothing to add. An exec that fails would end this shell with a code of its own.
lock=$folder/.backup_memory.lock
(: >>"$lock") 2>/dev/null ||
	fail 111 "cannot write $lock: is $folder mounted for writing, and whose is it?"
exec 9>>"$lock"
if command -v flock >/dev/null 2>&1; then
	flock -n 9 || fail 75 "a backup into $folder is still under way"
	other=$folder/.memory-backup.lock
	[ ! -r "$other" ] || flock -n "$other" true ||
		fail 75 "another memoryctl backs up into $folder"
fi

# 9 stays with us: a service that this may start would hold the lock on.
code=0
line=$("$memoryctl" backup --keep-days "$keep_days" \
	${ENCRYPT_TO:+--encrypt-to "$ENCRYPT_TO"} -- "$folder" \
	9>&-) || code=$?
[ "$code" -eq 0 ] || fail "$code" "no backup was made (exit code $code)"
echo "Backup complete: ${line#"$folder"/}"
