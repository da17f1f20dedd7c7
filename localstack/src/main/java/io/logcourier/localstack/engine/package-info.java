/**
 * The embedded ClickHouse of the laptop stack. {@link io.logcourier.localstack.engine.Engine} runs libchdb, the
 * ClickHouse engine as a shared library, inside this JVM on one data folder;
 * {@link io.logcourier.localstack.engine.ClickHouseFront} serves it over ClickHouse's HTTP protocol, so that whatever
 * talks to a ClickHouse server talks to it unmodified. Everything else here is internal.
 */
package io.logcourier.localstack.engine;
