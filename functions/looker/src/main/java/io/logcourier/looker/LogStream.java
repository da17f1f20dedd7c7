package io.logcourier.looker;

/**
 * A stream of entries: a source bucket with its target.
 *
 * @param number within the run
 * @param bucket the source bucket; it need not exist
 * @param targetBucket where its log objects appear
 * @param targetPrefix with which keys
 */
public record LogStream(int number, String bucket, String targetBucket, String targetPrefix) {}
