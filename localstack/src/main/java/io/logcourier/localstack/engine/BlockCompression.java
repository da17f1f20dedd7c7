package io.logcourier.localstack.engine;

import com.clickhouse.client.api.internal.ClickHouseLZ4InputStream;
import com.clickhouse.client.api.internal.ClickHouseLZ4OutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import net.jpountz.lz4.LZ4Factory;

/**
 * ClickHouse's compressed blocks, which {@code compress=1} and {@code decompress=1} ask for: checksum, method, sizes, then
 * LZ4. The client's own streams do it, so both ends agree.
 */
final class BlockCompression {
    private static final LZ4Factory LZ4 = LZ4Factory.fastestInstance();
    private static final int BLOCK_SIZE = 1 << 17;

    private BlockCompression() {}

    static OutputStream compress(OutputStream out) {
        return new ClickHouseLZ4OutputStream(out, LZ4.fastCompressor(), BLOCK_SIZE);
    }

    static InputStream decompress(InputStream in) {
        return new ClickHouseLZ4InputStream(in, LZ4.fastDecompressor(), BLOCK_SIZE);
    }
}
