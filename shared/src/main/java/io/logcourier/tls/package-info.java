/** Whom we trust: certificates of an authority of one's own, and what is said where a server's certificate is refused. */
package io.logcourier.tls;
