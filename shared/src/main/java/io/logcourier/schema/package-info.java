/** The tables of a lane, as DDL files, and how they are applied. */
package io.logcourier.schema;
