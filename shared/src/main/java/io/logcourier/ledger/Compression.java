package io.logcourier.ledger;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.airlift.compress.zstd.ZstdInputStream;
import io.airlift.compress.zstd.ZstdOutputStream;
import io.logcourier.CourierException;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import software.amazon.awssdk.core.exception.SdkException;

/**
 * How the bytes of an object are compressed. The object is the compressed file itself: it has the name and the
 * Content-Type of one and no Content-Encoding, since clients that undo that would store plain lines under the file's name.
 */
public enum Compression {
    @JsonProperty("none")
    NONE("", Optional.empty()),
    /** RFC 1952: one member, without name or time, so that equal lines make equal bytes. */
    @JsonProperty("gzip")
    GZIP(".gz", Optional.of("application/gzip")),
    /** RFC 8878: one frame with a checksum, at the library's only level, which is near 3. */
    @JsonProperty("zstd")
    ZSTD(".zst", Optional.of("application/zstd"));

    private static final int BUFFER_BYTES = 64 * 1024;

    private final String suffix;
    private final Optional<String> contentType;

    Compression(String suffix, Optional<String> contentType) {
        this.suffix = suffix;
        this.contentType = contentType;
    }

    /** By the suffix of an object's key, what its bytes are in. */
    public static Compression ofKey(String key) {
        return Arrays.stream(values())
                .filter(each -> !each.suffix.isEmpty() && key.endsWith(each.suffix))
                .findFirst()
                .orElse(NONE);
    }

    /** What ends a key. */
    public String suffix() {
        return suffix;
    }

    /** The Content-Type of what is compressed; that of the content where nothing is. */
    public Optional<String> contentType() {
        return contentType;
    }

    /** Compresses what is written. The same bytes come out however they are cut into writes; closing it closes {@code out}. */
    public OutputStream compress(OutputStream out) throws IOException {
        return switch (this) {
            case NONE -> out;
            case GZIP -> new GZIPOutputStream(new BufferedOutputStream(out, BUFFER_BYTES), BUFFER_BYTES);
            case ZSTD -> new ZstdOutputStream(out);
        };
    }

    /**
     * The plain bytes of {@code in}, which is closed with them. Nothing is read before they are; reading fails with an
     * {@link IOException} where {@code in} is damaged.
     */
    public InputStream decompress(InputStream in) {
        return this == NONE ? in : new Plain(in);
    }

    private InputStream open(InputStream in) throws IOException {
        return switch (this) {
            case NONE -> in;
            case GZIP -> new GZIPInputStream(in, BUFFER_BYTES);
            case ZSTD -> new ZstdInputStream(in);
        };
    }

    /**
     * Says that bytes are damaged as streams do. The library for zstd throws a MalformedInputException, or whatever it comes
     * to by computing on with them; what the source throws goes through.
     */
    private final class Plain extends InputStream {
        private final InputStream stored;
        private Optional<InputStream> plain = Optional.empty();

        Plain(InputStream stored) {
            this.stored = stored;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
        }

        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
            try {
                if (plain.isEmpty()) {
                    plain = Optional.of(open(stored));
                }
                return plain.get().read(target, offset, length);
            } catch (CourierException | SdkException e) {
                throw e;
            } catch (RuntimeException e) {
                throw new IOException("damaged " + name().toLowerCase(Locale.ROOT) + ": " + e.getMessage(), e);
            }
        }

        @Override
        public void close() throws IOException {
            plain.orElse(stored).close();
        }
    }
}
