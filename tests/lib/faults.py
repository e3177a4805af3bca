"""Arms tests/lib/shim_fail.c in a running program, and reads its counts."""
import errno
import mmap
import struct

(MALLOC, READ, WRITE, SYNC, TRUNCATE, OPEN, ACCEPT,
 LOCK) = (1 << i for i in range(8))
LAYOUT = struct.Struct("=Iiqqqq88s")


class Faults:
    """The control block, shared with the program by its file.

        f = Faults(folder / "faults")
        db = Service(shims=["shim_fail.so"], env=f.env())
        f.arm(faults.MALLOC, skip=17)      # the 18th allocation fails
    """

    def __init__(self, path):
        self.path = path
        with open(path, "wb") as f:
            f.write(bytes(LAYOUT.size))
        with open(path, "r+b") as f:
            self.map = mmap.mmap(f.fileno(), LAYOUT.size)

    def env(self):
        return {"FAIL_CONTROL": str(self.path)}

    def arm(self, kinds, skip=0, count=1, error=errno.ENOMEM, path="memory.db"):
        self.disarm()
        self.map[:] = LAYOUT.pack(0, error, skip, count, 0, 0, path.encode())
        self.map[:4] = struct.pack("=I", kinds)

    def disarm(self):
        self.map[:4] = bytes(4)

    @property
    def seen(self):
        return LAYOUT.unpack(self.map[:])[4]

    @property
    def failed(self):
        return LAYOUT.unpack(self.map[:])[5]
