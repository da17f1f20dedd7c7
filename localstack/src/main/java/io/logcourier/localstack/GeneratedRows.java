package io.logcourier.localstack;

import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.time.Instant;
import java.util.Random;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/**
 * Log records as CloudServer's shipper sends them, as JSON lines: a pure function of rows, buckets and seed. Buckets are
 * of uneven size, as real ones are; one row in a hundred holds what readers stumble over.
 */
public final class GeneratedRows extends InputStream {
    private static final JsonFactory JSON = new JsonFactory();
    private static final long START_MILLIS =
            Instant.parse("2026-01-01T00:00:00Z").toEpochMilli();
    private static final int SESSIONS = 8;
    private static final int ODD_EVERY = 100;
    private static final String[] OPERATIONS = {
        "REST.GET.OBJECT", "REST.PUT.OBJECT", "REST.HEAD.OBJECT", "REST.GET.BUCKET", "REST.DELETE.OBJECT"
    };
    private static final String[] AGENTS = {
        "aws-cli/2.15.30 Python/3.11.8 Linux/6.1.0 exe/x86_64.debian.12 prompt/off command/s3.cp",
        "Boto3/1.34.69 md/Botocore#1.34.69 ua/2.0 os/linux#6.1.0 md/arch#x86_64 lang/python#3.12.2",
        "aws-sdk-java/2.25.11 Linux/5.15.0 OpenJDK_64-Bit_Server_VM/21.0.2 Java/21.0.2 vendor/Eclipse_Adoptium",
        "Mozilla/5.0 (X11; Linux x86_64; rv:124.0) Gecko/20100101 Firefox/124.0"
    };
    private static final String[] ODD = {
        "a key with spaces",
        "a \"quoted\" key",
        "line\nbreak",
        "emoji \uD83D\uDE80",
        "100%/plus+and&ampersand",
        "tab\there",
        "back\\slash"
    };

    private final long rows;
    private final int buckets;
    private final Random random;
    private byte[] line = new byte[0];
    private int position;
    private long made;

    /** So many rows of so many buckets. */
    public GeneratedRows(long rows, int buckets, long seed) {
        this.rows = rows;
        this.buckets = buckets;
        this.random = new Random(seed);
    }

    @Override
    public int read() {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int length) {
        int copied = 0;
        while (copied < length && (position < line.length || made < rows)) {
            if (position == line.length) {
                line = line(made++);
                position = 0;
            }
            int count = Math.min(length - copied, line.length - position);
            System.arraycopy(line, position, target, offset + copied, count);
            position += count;
            copied += count;
        }
        return copied == 0 && length > 0 ? -1 : copied;
    }

    private byte[] line(long index) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (JsonGenerator json = JSON.createGenerator(ObjectWriteContext.empty(), bytes)) {
            int bucket = bucket();
            String name = "bucket-%05d".formatted(bucket);
            boolean odd = random.nextInt(ODD_EVERY) == 0;
            String key = odd
                    ? ODD[random.nextInt(ODD.length)]
                    : "data/%04d/part-%08x.parquet".formatted(random.nextInt(10_000), random.nextInt());
            long millis = START_MILLIS + index * 3 + random.nextInt(3);
            String operation = OPERATIONS[random.nextInt(OPERATIONS.length)];
            json.writeStartObject();
            json.writeStringProperty("startTime", "%d.%03d".formatted(millis / 1000, millis % 1000));
            json.writeStringProperty("hostname", "node-" + random.nextInt(177));
            json.writeStringProperty("requester", "arn:aws:iam::%012d:user/app".formatted(bucket));
            json.writeStringProperty("operation", operation);
            json.writeStringProperty("requestURI", "GET /%s/%s HTTP/1.1".formatted(name, odd ? "odd" : key));
            json.writeNumberProperty("httpCode", random.nextInt(50) == 0 ? 404 : 200);
            json.writeNumberProperty("bytesSent", random.nextInt(1 << 24));
            json.writeNumberProperty("objectSize", random.nextInt(1 << 24));
            json.writeStringProperty("totalTime", Integer.toString(random.nextInt(5000)));
            json.writeStringProperty("turnAroundTime", Integer.toString(random.nextInt(500)));
            json.writeStringProperty(
                    "userAgent", odd ? "agent \"" + key + "\"\r\n" : AGENTS[random.nextInt(AGENTS.length)]);
            json.writeStringProperty("signatureVersion", "SigV4");
            json.writeStringProperty("cipherSuite", "ECDHE-RSA-AES128-GCM-SHA256");
            json.writeStringProperty("authenticationType", "AuthHeader");
            json.writeStringProperty("hostHeader", "s3.example.com");
            json.writeStringProperty("tlsVersion", "TLSv1.3");
            json.writeStringProperty("bucketOwner", "%064x".formatted(bucket + 1));
            json.writeStringProperty("bucketName", name);
            json.writeStringProperty("objectKey", key);
            json.writeStringProperty("req_id", "%016X%04X".formatted(index, random.nextInt(1 << 16)));
            json.writeStringProperty(
                    "clientIP", "10.%d.%d.%d".formatted(random.nextInt(256), random.nextInt(256), random.nextInt(256)));
            json.writeStringProperty("logFormatVersion", "0");
            json.writeBooleanProperty("loggingEnabled", true);
            json.writeStringProperty("loggingTargetBucket", "access-logs");
            json.writeStringProperty("loggingTargetPrefix", "logs/" + name + "/");
            json.writeNumberProperty("raftSessionID", bucket % SESSIONS);
            json.writeEndObject();
        }
        bytes.write('\n');
        return bytes.toByteArray();
    }

    /** The first bucket gets the most rows, the last the fewest: the product of two uniform numbers leans low. */
    private int bucket() {
        return (int) (random.nextDouble() * random.nextDouble() * buckets);
    }
}
