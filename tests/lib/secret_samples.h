/* Made-up secrets for tests, drawn by a generator that gives the same ones
 * each time. No value stands whole in this file, and none was ever valid. */
#ifndef TESTS_LIB_SECRET_SAMPLES_H
#define TESTS_LIB_SECRET_SAMPLES_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"

struct draw {
	uint64_t state;
};

static inline uint32_t
draw_next(struct draw *d)
{
	d->state ^= d->state << 13;
	d->state ^= d->state >> 7;
	d->state ^= d->state << 17;
	return (uint32_t)(d->state >> 32);
}

#define SAMPLE_LOWER "abcdefghijklmnopqrstuvwxyz"
#define SAMPLE_UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define SAMPLE_DIGIT "0123456789"

/* The alphabet of a letter of a shape, NULL: the letter stands for itself. */
static inline const char *
sample_alphabet(char c)
{
	switch (c) {
	case 'N': /* letters and digits */
		return SAMPLE_LOWER SAMPLE_UPPER SAMPLE_DIGIT;
	case 'U': /* as in addresses */
		return SAMPLE_LOWER SAMPLE_UPPER SAMPLE_DIGIT "_-";
	case 'B': /* base64 */
		return SAMPLE_LOWER SAMPLE_UPPER SAMPLE_DIGIT "+/";
	case 'H':
		return SAMPLE_DIGIT "abcdef";
	case 'L':
		return SAMPLE_LOWER SAMPLE_DIGIT;
	case 'C':
		return SAMPLE_UPPER SAMPLE_DIGIT;
	case 'T': /* base32 */
		return SAMPLE_UPPER "234567";
	case 'D':
		return SAMPLE_DIGIT;
	default:
		return NULL;
	}
}

/* "ghp_{N36}" gives ghp_ and 36 letters and digits; see sample_alphabet. */
static inline void
sample_draw(struct draw *d, const char *shape, char *out, size_t size)
{
	size_t n = 0;

	for (; *shape != '\0' && n + 1 < size; shape++) {
		const char *from =
			*shape == '{' ? sample_alphabet(shape[1]) : NULL;
		int count = 0;

		if (from == NULL) {
			out[n++] = *shape;
			continue;
		}
		for (shape += 2; *shape >= '0' && *shape <= '9'; shape++)
			count = count * 10 + (*shape - '0');
		for (; count > 0 && n + 1 < size; count--)
			out[n++] = from[draw_next(d) % strlen(from)];
	}
	out[n] = '\0';
}

/* Families with the shapes that their makers document. */
static const struct secret_family {
	const char *name, *shape;
} secret_families[] = {
	{"aws access key", "AKIA{T16}"},
	{"aws session key", "ASIA{T16}"},
	{"github personal", "ghp_{N36}"},
	{"github app", "ghs_{N36}"},
	{"github fine", "github_pat_{N22}_{N59}"},
	{"gitlab personal", "glpat-{U20}"},
	{"gitlab runner", "glrt-{U20}"},
	{"anthropic", "sk-ant-api03-{U93}AA"},
	{"openai project", "sk-proj-{N20}T3BlbkFJ{N20}"},
	{"openai old", "sk-{N48}"},
	{"openrouter", "sk-or-v1-{H64}"},
	{"slack bot", "xoxb-{D12}-{D12}-{N24}"},
	{"slack app", "xapp-1-A{C10}-{D13}-{H64}"},
	{"slack webhook", "https://hooks.slack.com/services/T{C8}/B{C8}/{N24}"},
	{"google api key", "AIzaSy{U33}"},
	{"google oauth", "GOCSPX-{U28}"},
	{"google access", "ya29.a0{U120}"},
	{"stripe live", "sk_live_{N24}"},
	{"stripe restricted", "rk_live_{N99}"},
	{"webhook secret", "whsec_{N32}"},
	{"sendgrid", "SG.{U22}.{U43}"},
	{"mailgun", "key-{H32}"},
	{"mailchimp", "{H32}-us14"},
	{"brevo", "xkeysib-{H64}-{N16}"},
	{"twilio", "SK{H32}"},
	{"telegram bot", "{D10}:AA{U33}"},
	{"discord bot", "MT{N22}.G{U5}.{U38}"},
	{"discord webhook", "https://discord.com/api/webhooks/{D18}/{U68}"},
	{"dropbox", "sl.{U130}"},
	{"twitter", "AAAAAAAAAAAAAAAAAAAAA{N80}"},
	{"razorpay", "rzp_live_{N14}"},
	{"npm", "npm_{N36}"},
	{"pypi", "pypi-AgEIcHlwaS5vcmc{U80}"},
	{"rubygems", "rubygems_{H48}"},
	{"nuget", "oy2{L43}"},
	{"crates", "cio{N32}"},
	{"docker hub", "dckr_pat_{U27}"},
	{"hugging face", "hf_{N34}"},
	{"replicate", "r8_{N37}"},
	{"groq", "gsk_{N52}"},
	{"xai", "xai-{N80}"},
	{"perplexity", "pplx-{N48}"},
	{"nvidia", "nvapi-{U64}"},
	{"digitalocean", "dop_v1_{H64}"},
	{"shopify", "shpat_{H32}"},
	{"databricks", "dapi{H32}"},
	{"doppler", "dp.pt.{N43}"},
	{"linear", "lin_api_{N40}"},
	{"notion", "ntn_{N46}"},
	{"figma", "figd_{U40}"},
	{"airtable", "pat{N14}.{H64}"},
	{"atlassian", "ATATT3{U180}={C8}"},
	{"postman", "PMAK-{H24}-{H34}"},
	{"new relic", "NRAK-{C27}"},
	{"grafana", "glsa_{N32}_{H8}"},
	{"sentry", "sntryu_{H64}"},
	{"sonar", "squ_{H40}"},
	{"vault", "hvs.{U95}"},
	{"terraform cloud", "{N14}.atlasv1.{U67}"},
	{"pulumi", "pul-{H40}"},
	{"square", "sq0csp-{U43}"},
	{"supabase", "sbp_{H40}"},
	{"planetscale", "pscale_tkn_{U43}"},
	{"azure client secret", "{N3}8Q~{U34}"},
	{"1password key", "A3-{C6}-{C6}-{C5}-{C5}-{C5}-{C5}"},
	{"age", "AGE-SECRET-KEY-1{C58}"},
	{"jwt", "eyJhbGciOiJIUzI1NiJ9.eyJ{U60}.{U43}"},
	{"braintree", "access_token$production${L16}${H32}"},
	{"fly", "fo1_{U43}"},
	{"okta", "SSWS 00{U40}"},
	{"vault, before 1.10", "s.{N24}"},
	{"google auth key", "AQ.Ab8RN6{U44}"},
	{"cloudflare user token", "cfut_{N40}"},
	{"cloudflare account token", "cfat_{N48}"},
	{"runpod", "rpa_{C44}"},
	{"modal", "as-{N22}"},
	{"daytona", "dtn_{H64}"},
	{"inngest", "signkey-prod-{H64}"},
	{"trigger", "tr_prod_{N24}"},
	{"stytch", "secret-live-{U36}="},
	{"vercel gateway", "vck_{N56}"},
	{"netlify cli", "nfc_{N36}"},
	{"wandb", "wandb_v1_{N27}_{N50}"},
	{"browserbase", "bb_live_{U27}"},
	{"helicone", "sk-helicone-{L8}-{L7}-{L7}-{L7}"},
	{"hubspot", "pat-na1-{H8}-{H4}-{H4}-{H4}-{H12}"},
	{"trello", "ATTA{H64}"},
	{"asana", "2/{D16}/{D16}:{H32}"},
	{"aiven", "AVNS_{N19}"},
	{"cockroach", "CCDB1_{N22}_{N40}"},
	{"honeycomb", "hcaik_01{L56}"},
	{"mongodb atlas", "mdb_sa_sk_{U40}"},
	{"snyk", "snyk_uat.{H8}.{U80}"},
	{"launchdarkly", "sdk-{H8}-{H4}-4{H3}-a{H3}-{H12}"},
	{"mapbox", "sk.eyJ{U80}.{U22}"},
	{"adobe", "p8e-{L32}"},
	{"brevo smtp", "xsmtpsib-{H64}-{N16}"},
	{"segment", "sgp_{N64}"},
	{"sanity", "sk{N160}"},
	{"artifactory reference", "cmVmdGtu{N56}"},
	{"google refresh", "1//0{N4}CgYIARAAGA{U60}"},
	{"aws session token", "IQoJb3JpZ2luX2Vj{B300}"},
	{"nostr", "nsec1{L58}"},
	{"extended private key", "xprv{N107}"},
	{"teams webhook",
		"https://a.webhook.office.com/webhookb2/{"
		"H8}-{H4}-{H4}-{H4}-{H12}@{H8}-{H4}-{H4}-{H4}-{H12}/IncomingWebhook/{H32}/{H8}-{H4}-{H4}-{H4}-{H12}"},
};

/* How such a value comes along; %s is it. */
static const char *const secret_carriers[] = {
	"The deploy job authenticates with %s against the registry.",
	"export SERVICE_CREDENTIAL_1=%s",
	"{\"name\": \"ci\", \"value\": \"%s\", \"masked\": false}",
	"ada said: use (%s), it is valid until March",
	"1. log in 2. paste %s. 3. press enter",
};

/* Values that only their place gives away. */
static const char *const secret_lines[] = {
	"the wifi password is sunflower",
	"my login is ada and my password's {N12}4k",
	"use this API key: {N40}",
	"Access key: {N32}",
	"define('AUTH_KEY', '{N20}!{N20}@{N20}');",
	"SECRET_KEY = \"django-insecure-{N20}!{N20}%{N8}\"",
	"aws_secret_access_key = /{B39}",
	"our passphrase is correct-horse-battery-staple",
	"machine api.example.org login ada password {N12}7z",
	"sshpass -p '{N10}3x' ssh root@host",
	"mysqldump -u root -p{N10}4x shop > shop.sql",
	"mariadb -h db1 -p'{N12}8k' -e 'select 1'",
	"DB_PASSWORD={N14}!x7",
	"password: Sommer{D4}!",
	"\"password\": \"{N12}7k\",",
	"spring.datasource.password={N16}4q",
	"my $passwd = '{N10}9z';",
	"mysql_pwd := \"{L12}8\"",
	"Passwort: Hund{D4}Katze",
	"the password for the staging box is {N11}5w",
	"Das Passwort lautet {N10}3k.",
	"ADMIN_PASS={U12}b2",
	"api_key: {H32}",
	"X-Api-Key: {N40}",
	"apiKey = \"{N32}\"",
	"client_secret={U40}",
	"JWT_SECRET='{B43}='",
	"secret_key_base: {H128}",
	"aws_secret_access_key = {B40}",
	"AccountKey={B86}==;EndpointSuffix=core.windows.net",
	"Endpoint=sb://x.servicebus.windows.net/;SharedAccessKey={B43}=",
	"Authorization: Bearer {U40}",
	"curl -H 'authorization: bearer {N36}' https://api.local",
	"auth_token: \"{N32}\"",
	"ENCRYPTION_KEY={H64}",
	"access_token={U64}&expires=3600",
	"postgres://app:{N16}@db.internal:5432/main",
	"postgresql+asyncpg://svc:{N12}x1@10.0.0.4/prod",
	"mongodb+srv://root:{N18}@cluster0.mongodb.net/?w=majority",
	"redis://:{N24}@cache:6379/0",
	"amqp://worker:{N12}@rabbit/",
	"mysql://ada:p%40{N8}@localhost/shop",
	"clone https://ci:{N30}@git.local/team/app.git",
	"app:{N12}x9@tcp(db.internal:3306)/shop?parseTime=true",
	"curl -u admin:{N12}q8 https://host.local/api",
	"vault login --token {N40}",
	"pg_dump --password '{N14}5e' shop",
	"jdbc:mysql://db/shop?user=app&password={N12}t3&ssl=true",
	"\"auths\": {\"host\": {\"auth\": \"{B48}\"}}",
	"ftp://backup:{N9}z7@files.local/dump",
	"Server=db;User Id=sa;Password={N10}#1;Encrypt=true",
	"redis-cli -a {N24}q1 ping",
	"docker login -u ci -p {N20}1z registry.local",
	"sqlcmd -S db -U sa -P '{N10}!4'",
	"echo {N14}7 | docker login --password-stdin",
	"Set-Cookie: sessionid={N31}7; HttpOnly",
	"client-key-data: LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVkt{B400}",
	"password for wifi: blue-{L6}-{D4}",
	"Mot de passe : {N10}4x",
	"senha: {N10}4x",
	"PrivateKey = {B43}=",
	"kubectl create secret generic db --from-literal=password={N12}4f",
	"curl -H \"PRIVATE-TOKEN: {U20}a1\" https://git.local",
	"-----BEGIN RSA PRIVATE KEY-----\n{B64}\n{B64}\n{B30}==\n"
	"-----END RSA PRIVATE KEY-----",
	"-----BEGIN OPENSSH PRIVATE KEY-----\n{B70}\n{B40}\n"
	"-----END OPENSSH PRIVATE KEY-----\n",
	"KEY=\"-----BEGIN PRIVATE KEY-----\\n{B64}\\n{B20}\\n"
	"-----END PRIVATE KEY-----\\n\"",
	"-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: GnuPG v2\n\n{B64}\n"
	"{B64}\n=abcd\n-----END PGP PRIVATE KEY BLOCK-----",
	"-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n"
	"DEK-Info: AES-128-CBC,{C32}\n\n{B64}\n-----END EC PRIVATE KEY-----",
};

#endif
