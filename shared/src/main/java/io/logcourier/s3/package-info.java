/** The target buckets, and what reads many of their objects at once. */
package io.logcourier.s3;
