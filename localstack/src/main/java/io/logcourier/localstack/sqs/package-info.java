/**
 * The way of a work order on the laptop: ElasticMQ inside the JVM holds the queue and its dead-letter queue, and the
 * event source hands what arrives to the worker as Lambda's event source mapping does.
 */
package io.logcourier.localstack.sqs;
