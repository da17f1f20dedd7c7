/** How log lines look and which are written. */
package io.logcourier.logging;
