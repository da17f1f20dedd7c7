/**
 * The laptop: {@link io.logcourier.localstack.LaptopStack} is embedded ClickHouse, S3 and SQS, and the functions as they
 * are deployed, configured to talk to these. Nothing of it is needed in production.
 */
package io.logcourier.localstack;
