package io.logcourier.localstack;

import com.github.luben.zstd.Zstd;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.parquet.ParquetReadOptions;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.compression.CompressionCodecFactory;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.convert.GroupRecordConverter;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.ColumnIOFactory;
import org.apache.parquet.io.LocalInputFile;
import org.apache.parquet.io.RecordReader;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.TimeUnit;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.Type;

/** Reads Parquet files by parquet-java. */
public final class ParquetRows {
    private ParquetRows() {}

    /** The rows of a file, with values as {@link TypedFields} has them; another type fails. */
    public static List<Map<String, Object>> of(byte[] bytes) throws IOException {
        Path file = Files.createTempFile("rows-", ".parquet");
        List<Map<String, Object>> rows = new ArrayList<>();
        try {
            Files.write(file, bytes);
            try (ParquetFileReader reader = ParquetFileReader.open(
                    new LocalInputFile(file),
                    ParquetReadOptions.builder(new PlainParquetConfiguration())
                            .withCodecFactory(new Zstandard())
                            .build())) {
                MessageType schema = reader.getFileMetaData().getSchema();
                for (PageReadStore pages = reader.readNextRowGroup();
                        pages != null;
                        pages = reader.readNextRowGroup()) {
                    RecordReader<Group> records = new ColumnIOFactory()
                            .getColumnIO(schema)
                            .getRecordReader(pages, new GroupRecordConverter(schema));
                    for (long left = pages.getRowCount(); left > 0; left--) {
                        rows.add(row(schema, records.read()));
                    }
                }
            }
            return rows;
        } finally {
            Files.delete(file);
        }
    }

    private static Map<String, Object> row(MessageType schema, Group record) {
        Map<String, Object> row = new LinkedHashMap<>();
        for (Type field : schema.getFields()) {
            row.put(
                    field.getName(),
                    record.getFieldRepetitionCount(field.getName()) == 0 ? null : value(field, record));
        }
        return row;
    }

    private static Object value(Type field, Group record) {
        String name = field.getName();
        return switch (field.getLogicalTypeAnnotation()) {
            case LogicalTypeAnnotation.StringLogicalTypeAnnotation text ->
                TypedFields.collapsed(record.getString(name, 0));
            case LogicalTypeAnnotation.TimestampLogicalTypeAnnotation time
            when time.getUnit() == TimeUnit.MILLIS && time.isAdjustedToUTC() ->
                Instant.ofEpochMilli(record.getLong(name, 0));
            case null ->
                switch (field.asPrimitiveType().getPrimitiveTypeName()) {
                    case INT32 -> (long) record.getInteger(name, 0);
                    case INT64 -> record.getLong(name, 0);
                    default -> throw new IllegalStateException("a field of another type: " + field);
                };
            case LogicalTypeAnnotation.IntLogicalTypeAnnotation integer
            when integer.getBitWidth() <= Integer.SIZE -> (long) record.getInteger(name, 0);
            case LogicalTypeAnnotation.IntLogicalTypeAnnotation integer
            when integer.isSigned() -> record.getLong(name, 0);
            default -> throw new IllegalStateException("a field of another type: " + field);
        };
    }

    /** The library's own decompressors need the whole of Hadoop. */
    private static final class Zstandard
            implements CompressionCodecFactory, CompressionCodecFactory.BytesInputDecompressor {
        @Override
        public BytesInputDecompressor getDecompressor(CompressionCodecName codec) {
            if (codec != CompressionCodecName.ZSTD) {
                throw new IllegalArgumentException("compressed by " + codec);
            }
            return this;
        }

        @Override
        public BytesInputCompressor getCompressor(CompressionCodecName codec) {
            throw new IllegalStateException("files are only read");
        }

        @Override
        public BytesInput decompress(BytesInput bytes, int size) throws IOException {
            return BytesInput.from(Zstd.decompress(bytes.toInputStream().readAllBytes(), size));
        }

        @Override
        public void decompress(ByteBuffer in, int inSize, ByteBuffer out, int outSize) {
            throw new IllegalStateException("files are read by streams only");
        }

        @Override
        public void release() {}
    }
}
