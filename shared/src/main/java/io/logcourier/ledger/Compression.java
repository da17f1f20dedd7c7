package io.logcourier.ledger;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;

/**
 * How the bytes of an object are compressed. The object is the compressed file itself: it has the name and the
 * Content-Type of one and no Content-Encoding, since clients that undo that would store plain lines under the file's name.
 */
public enum Compression {
    @JsonProperty("none")
    NONE("", "text/plain"),
    /** RFC 1952: one member, without name or time, so that equal lines make equal bytes. */
    @JsonProperty("gzip")
    GZIP(".gz", "application/gzip");

    private static final int BUFFER_BYTES = 64 * 1024;

    private final String suffix;
    private final String contentType;

    Compression(String suffix, String contentType) {
        this.suffix = suffix;
        this.contentType = contentType;
    }

    /** What ends a key. */
    public String suffix() {
        return suffix;
    }

    /** The Content-Type of an object of lines. */
    public String contentType() {
        return contentType;
    }

    /** Compresses what is written. The same bytes come out however they are cut into writes; closing it closes {@code out}. */
    public OutputStream compress(OutputStream out) throws IOException {
        return switch (this) {
            case NONE -> out;
            case GZIP -> new GZIPOutputStream(new BufferedOutputStream(out, BUFFER_BYTES), BUFFER_BYTES);
        };
    }

    /** The plain bytes of {@code in}; reading them fails where it is damaged. */
    public InputStream decompress(InputStream in) throws IOException {
        return switch (this) {
            case NONE -> in;
            case GZIP -> new GZIPInputStream(in, BUFFER_BYTES);
        };
    }
}
