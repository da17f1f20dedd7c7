package io.logcourier.localstack.engine;

import com.github.luben.zstd.ZstdInputStream;
import com.github.luben.zstd.ZstdOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PushbackInputStream;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.GZIPOutputStream;
import java.util.zip.InflaterInputStream;
import java.util.zip.ZipException;
import net.jpountz.lz4.LZ4FrameOutputStream;
import org.apache.commons.compress.compressors.gzip.GzipCompressorInputStream;
import org.apache.commons.compress.compressors.lz4.FramedLZ4CompressorInputStream;

/** HTTP's own compression of bodies, of which ClickHouse knows more kinds. In its order of preference for responses. */
enum ContentCoding {
    ZSTD("zstd"),
    LZ4("lz4"),
    GZIP("gzip"),
    DEFLATE("deflate"),
    IDENTITY("");

    private final String token;

    ContentCoding(String token) {
        this.token = token;
    }

    /** What a Content-Encoding header names. */
    static ContentCoding of(String header) {
        String wanted = header.strip().toLowerCase(Locale.ROOT);
        return Arrays.stream(values())
                .filter(coding -> coding.token.equals(wanted))
                .findFirst()
                .orElseThrow(() -> EngineException.of(
                        EngineException.NOT_IMPLEMENTED,
                        "NOT_IMPLEMENTED",
                        "The embedded ClickHouse does not support Content-Encoding " + header + ", only "
                                + Arrays.stream(values())
                                        .filter(coding -> coding != IDENTITY)
                                        .map(ContentCoding::token)
                                        .collect(Collectors.joining(", "))));
    }

    /** The best of what an Accept-Encoding header allows. */
    static ContentCoding accepted(String header) {
        String offer = header.toLowerCase(Locale.ROOT);
        return Arrays.stream(values())
                .filter(coding -> offer.contains(coding.token))
                .findFirst()
                .orElse(IDENTITY);
    }

    String token() {
        return token;
    }

    /** The plain bytes. A body of nothing stays that; one that is cut off or damaged fails when it is read. */
    InputStream decode(InputStream in) throws IOException {
        PushbackInputStream body = new PushbackInputStream(in);
        int first = body.read();
        if (first < 0) {
            return body;
        }
        body.unread(first);
        return switch (this) {
            case ZSTD -> new ZstdInputStream(body);
            // lz4-java does not read frames whose blocks depend on each other, which Python's lz4 writes.
            case LZ4 -> new FramedLZ4CompressorInputStream(body, true);
            // The JDK's ends without an error at a second member that is damaged, or has not arrived yet.
            case GZIP ->
                GzipCompressorInputStream.builder()
                        .setInputStream(body)
                        .setDecompressConcatenated(true)
                        .get();
            case DEFLATE -> inflate(body);
            case IDENTITY -> body;
        };
    }

    /** The JDK's stops at the end of what is deflated; only reading on shows that the body broke off there. */
    private static InputStream inflate(InputStream body) {
        return new InflaterInputStream(body) {
            @Override
            public int read(byte[] bytes, int offset, int length) throws IOException {
                int read = super.read(bytes, offset, length);
                if (read < 0 && in.read() >= 0) {
                    throw new ZipException("bytes follow the end of what is deflated");
                }
                return read;
            }
        };
    }

    OutputStream encode(OutputStream out) throws IOException {
        return switch (this) {
            case ZSTD -> new ZstdOutputStream(out);
            case LZ4 -> new LZ4FrameOutputStream(out);
            case GZIP -> new GZIPOutputStream(out, 1 << 16);
            case DEFLATE -> new DeflaterOutputStream(out);
            case IDENTITY -> out;
        };
    }
}
