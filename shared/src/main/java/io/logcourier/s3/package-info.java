/** The target buckets. */
package io.logcourier.s3;
