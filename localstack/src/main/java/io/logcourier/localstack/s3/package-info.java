/**
 * Object storage on the laptop: S3Proxy inside the JVM, with a plain folder behind it, so that whoever tries
 * log-courier can open the delivered objects with the tools at hand.
 */
package io.logcourier.localstack.s3;
