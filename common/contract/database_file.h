/* What the database file says of itself in its header: memory-db writes it,
 * `memoryctl doctor` reads it without opening the database. */
#ifndef COMMON_CONTRACT_DATABASE_FILE_H
#define COMMON_CONTRACT_DATABASE_FILE_H

#define DATABASE_APPLICATION_ID 0x454d454d /* "EMEM" */
/* A schema above this is no newer version but a damaged header. */
#define DATABASE_SCHEMA_MOST 100
/* DATABASE_SCHEMA: the newest step of memory-db/sql; made by the build. */
#include <database_schema.h>

#endif
