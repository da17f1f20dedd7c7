/**
 * {@code courier bench}: measures what the courier costs, beside what the engine and the sink alone cost. Engine, S3 and
 * SQS, and courier are processes of their own, so that their CPU and memory can be told apart.
 */
package io.logcourier.localstack.bench;
