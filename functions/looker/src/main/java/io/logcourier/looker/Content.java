package io.logcourier.looker;

import io.logcourier.looker.Run.Shape;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The entries of a run: access-log records as CloudServer writes them, and the log lines that they must become. What an
 * entry holds is a pure function of run id, stream, index and seed; only its times come from outside, and it carries
 * them itself: the request id holds both times, index and stream under a hash that only this run makes, and the object
 * key holds stream and index again under another. So any entry can be made again from its line, and an entry of which
 * one of the two is damaged is still known.
 *
 * <p>Values come from pools. Each is rendered once, by {@link LogLine}; an entry is these bytes put together, with the
 * numbers between them. Immutable, thread-safe; {@link Maker} is not.
 */
final class Content {
    /** Entries that share time and id: a request and its sub-records. */
    private static final int GROUP = 8;

    private static final int POOL = 8;
    private static final int HASH_DIGITS = 12;
    private static final int TIME_DIGITS = 11;
    private static final int INDEX_DIGITS = 10;
    private static final int STREAM_DIGITS = 5;
    private static final int CHECK_DIGITS = 8;
    private static final int NOWHERE = -1;
    private static final int ID_LENGTH = HASH_DIGITS + 2 * TIME_DIGITS + INDEX_DIGITS + STREAM_DIGITS;
    private static final int NAME_LENGTH = STREAM_DIGITS + INDEX_DIGITS + CHECK_DIGITS;

    /** About what a line has without padding. */
    private static final int BARE_LINE = 480;

    private static final int HUGE_AGENT = 4096;
    private static final int DELETE = 0x7f;
    private static final int MILLIS = 1000;
    private static final long NANOS = 1_000_000;
    private static final byte[] LETTERS = latin("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");
    private static final byte[][] WORDS = {
        latin("data"),
        latin("part"),
        latin("2026"),
        latin("logs"),
        latin("user"),
        latin("file"),
        latin("tmp-"),
        latin("xyz_")
    };

    /** Columns whose values come from pools, with ordinary values; an empty one is absent. */
    private static final Map<String, String[]> ORDINARY = ordinary();

    private static final String[] COLUMNS = ORDINARY.keySet().toArray(String[]::new);
    private static final int REQUESTER = column("requester");
    private static final int OPERATION = column("operation");
    private static final int STATUS = column("httpCode");
    private static final int ERROR = column("errorCode");
    private static final int REFERER = column("referer");
    private static final int AGENT = column("userAgent");
    private static final int VERSION = column("versionId");
    private static final int SIGNATURE = column("signatureVersion");
    private static final int CIPHER = column("cipherSuite");
    private static final int AUTHENTICATION = column("authenticationType");
    private static final int HOST = column("hostHeader");
    private static final int TLS = column("tlsVersion");
    private static final int ACL = column("aclRequired");
    private static final int CLIENT = column("clientIP");
    private static final int KEY_END = column("objectKey");

    private final Run run;
    private final LogLine.Style style;
    private final long key;
    private final long secondKey;
    private final Value[][] ordinary = new Value[COLUMNS.length][POOL];
    private final Value[][] hostile = new Value[COLUMNS.length][POOL];
    private final Value[] hugeAgents = new Value[POOL];
    private final Value absentReferer;
    private final Value absentAgent;
    private final Value subRecord;

    /** The kinds of operations that lines are written differently for, each with one of them. */
    private enum Kind {
        OTHER(""),
        REQUEST("REST.GET.OBJECT"),
        PART("BATCH.DELETE.OBJECT");

        private final String operation;

        Kind(String operation) {
            this.operation = operation;
        }

        private static Kind of(String operation) {
            return operation.startsWith("REST.") ? REQUEST : operation.startsWith("BATCH.") ? PART : OTHER;
        }
    }

    /** A value as it is written, with its column's name and a comma before it, and as it must stand in the line. */
    private static final class Value {
        private final byte[] json;
        private final Map<Kind, byte[]> fields;
        private final Kind kind;

        Value(byte[] json, Map<Kind, byte[]> fields, Kind kind) {
            this.json = json;
            this.fields = fields;
            this.kind = kind;
        }
    }

    Content(Run run) {
        this.run = run;
        style = run.style();
        byte[] hash = sha256(run.id() + "/" + run.seed());
        key = longAt(hash, 0);
        secondKey = longAt(hash, 1);
        long random = mix(run.seed());
        for (int column = 0; column < COLUMNS.length; column++) {
            String[] values = ORDINARY.get(COLUMNS[column]);
            for (int i = 0; i < POOL; i++) {
                ordinary[column][i] = value(COLUMNS[column], latin(values[i % values.length]));
                random = mix(random + i);
                hostile[column][i] =
                        column == STATUS ? ordinary[column][i] : value(COLUMNS[column], hostileText(random));
            }
        }
        for (int i = 0; i < POOL; i++) {
            random = mix(random + i);
            Bytes agent = new Bytes().add(latin("huge/" + i + " "));
            pad(agent, HUGE_AGENT * (1 + i % 4), random);
            hugeAgents[i] = value("userAgent", agent.toArray());
        }
        absentReferer = value("referer", new byte[0]);
        absentAgent = value("userAgent", new byte[0]);
        subRecord = value("operation", latin("BATCH.DELETE.OBJECT"));
    }

    Run run() {
        return run;
    }

    /** One for each thread. */
    Maker maker() {
        return new Maker();
    }

    /** Makes entries and knows them again. Not thread-safe. */
    final class Maker {
        private final Map<Integer, Parts> parts = new HashMap<>();
        private final Bytes expected = new Bytes();
        private final Bytes id = new Bytes();
        private final Bytes name = new Bytes();
        private final Bytes request = new Bytes();
        private final Value[] values = new Value[COLUMNS.length];
        private long sent;
        private long size;
        private long total;
        private long turnAround;
        private long second = Long.MIN_VALUE;
        private byte[] time = {};

        private Maker() {}

        /**
         * Appends the entries {@code first} and following, up to the fragment's length, each on a line of its own.
         *
         * @param first index of the first one, a multiple of the fragment's length
         * @param firstNanos when it happened
         * @param stepNanos from each to the next
         * @param pushedMillis when they are written
         */
        void write(LogStream stream, long first, long firstNanos, long stepNanos, long pushedMillis, Bytes out) {
            for (int i = 0; i < run.fragment(); i++) {
                long parent = parent(stream.number(), first + i);
                json(stream, first + i, parent, (firstNanos + (parent - first) * stepNanos) / NANOS, pushedMillis, out);
            }
        }

        private void json(LogStream stream, long index, long parent, long startMillis, long pushedMillis, Bytes out) {
            Parts of = draw(stream, index, parent, startMillis, pushedMillis);
            out.add(START)
                    .decimal(startMillis / MILLIS)
                    .add('.')
                    .digits(startMillis % MILLIS, 3)
                    .add(ID)
                    .add(id.array(), 0, id.length())
                    .add('"');
            for (int column = 0; column < COLUMNS.length; column++) {
                if (column != KEY_END) {
                    out.add(values[column].json);
                }
            }
            if (request.length() > 0) {
                out.add(REQUEST).add(request.array(), 0, request.length()).add('"');
            }
            out.add(KEY).add(name.array(), 0, name.length()).add(values[KEY_END].json);
            out.add(SENT).decimal(sent).add(SIZE).decimal(size);
            out.add(TOTAL).decimal(total).add(TURN).decimal(turnAround).add('"');
            out.add(of.json);
        }

        /** The line that an entry must become, without its line feed; it is overwritten by the next call. */
        Bytes line(LogStream stream, long index, long startMillis, long pushedMillis) {
            Parts of = draw(stream, index, parent(stream.number(), index), startMillis, pushedMillis);
            long now = Math.floorDiv(startMillis, MILLIS);
            if (now != second) {
                second = now;
                time = latin(LogLine.fields(Map.of("startTime", Instant.ofEpochSecond(now)), style)
                        .get("Time"));
            }
            expected.clear();
            expected.add(of.owner).add(' ').add(of.bucket).add(' ').add(time).add(' ');
            field(CLIENT).add(' ');
            field(REQUESTER).add(' ').add(id.array(), 0, id.length()).add(' ');
            field(OPERATION).add(' ').add(name.array(), 0, name.length());
            field(KEY_END).add(' ');
            if (request.length() > 0) {
                expected.add('"').add(request.array(), 0, request.length()).add('"');
            } else {
                expected.add(latin(LogLine.absentUri(values[OPERATION].kind.operation, style)));
            }
            expected.add(' ');
            field(STATUS).add(' ');
            field(ERROR).add(' ');
            if (sent == 0) {
                expected.add('-');
            } else {
                expected.decimal(sent);
            }
            expected.add(' ')
                    .decimal(size)
                    .add(' ')
                    .decimal(total)
                    .add(' ')
                    .decimal(turnAround)
                    .add(' ');
            field(REFERER).add(' ');
            field(AGENT).add(' ');
            field(VERSION).add(' ').add('-').add(' ');
            field(SIGNATURE).add(' ');
            field(CIPHER).add(' ');
            field(AUTHENTICATION).add(' ');
            field(HOST).add(' ');
            field(TLS).add(' ').add('-').add(' ');
            field(ACL).add(' ').add('-');
            return expected;
        }

        private Bytes field(int column) {
            return expected.add(values[column].fields.get(values[OPERATION].kind));
        }

        /** The request id of the entry that {@link #line} made. */
        byte[] id() {
            return id.toArray();
        }

        /** Makes what is particular to an entry. */
        private Parts draw(LogStream stream, long index, long parent, long startMillis, long pushedMillis) {
            Parts of = parts.computeIfAbsent(stream.number(), number -> new Parts(stream));
            requestId(stream.number(), parent, startMillis, pushedMillis, id);
            name.clear();
            name.hex(stream.number(), STREAM_DIGITS)
                    .hex(index, INDEX_DIGITS)
                    .hex(check(stream.number(), index), CHECK_DIGITS);
            Shape shape = shape(stream.number(), index);
            long random = random(stream.number(), index);
            Value[][] pools = shape == Shape.HOSTILE ? hostile : ordinary;
            long choice = random;
            for (int column = 0; column < values.length; column++) {
                values[column] = pools[column][(int) (choice & (POOL - 1))];
                choice >>>= 3;
            }
            random = mix(random);
            sent = (random & 7) == 0 ? 0 : random >>> 40;
            size = random >>> 8 & 0xFFFFFFFL;
            random = mix(random);
            total = random & 0xFFFF;
            turnAround = random >>> 16 & 0xFFF;
            request.clear();
            if (shape == Shape.HUGE_AGENTS) {
                values[AGENT] = hugeAgents[(int) (random >>> 32 & (POOL - 1))];
            }
            if (shape == Shape.SUB_RECORDS && parent != index) {
                values[OPERATION] = subRecord;
                values[REFERER] = absentReferer;
                values[AGENT] = absentAgent;
            } else {
                request.add(GET).add(of.bucket).add('/').add(name.array(), 0, name.length());
                if (run.lineLength() > BARE_LINE) {
                    request.add(PAD);
                    pad(request, run.lineLength() - BARE_LINE, random);
                }
                request.add(HTTP);
            }
            return of;
        }

        /**
         * Knows an entry again by its line.
         *
         * @param fields of the line
         */
        Optional<Known> know(Fields fields) {
            Optional<Known> known = know(
                    fields,
                    fields.length(Fields.REQUEST_ID) == ID_LENGTH ? fields.start(Fields.REQUEST_ID) : NOWHERE,
                    fields.length(Fields.KEY) >= NAME_LENGTH ? fields.start(Fields.KEY) : NOWHERE);
            return known.isPresent() ? known : shifted(fields);
        }

        private Optional<Known> know(Fields fields, int idAt, int nameAt) {
            byte[] line = fields.bytes();
            Optional<Known> byId = idAt == NOWHERE ? Optional.empty() : byId(line, idAt);
            Optional<Known> byName = nameAt == NOWHERE ? Optional.empty() : byName(line, nameAt);
            if (byName.isEmpty()) {
                return byId.map(id -> closest(id, fields));
            }
            Known name = byName.get();
            long parent = parent(name.stream(), name.index());
            Optional<Known> times = byId.filter(id -> id.stream() == name.stream() && id.index() == parent)
                    .or(() -> idAt == NOWHERE ? Optional.empty() : mended(line, idAt, name.stream(), parent));
            return Optional.of(new Known(
                    name.stream(),
                    name.index(),
                    times.map(Known::startMillis).orElse(Known.LOST),
                    times.map(Known::pushedMillis).orElse(Known.LOST)));
        }

        /** Wherever id and name stand in the line: a damaged space, bracket or quote moves all fields behind it. */
        private Optional<Known> shifted(Fields fields) {
            byte[] line = fields.bytes();
            int idAt = NOWHERE;
            int nameAt = NOWHERE;
            for (int at = fields.start(0); at + NAME_LENGTH <= fields.lineEnd(); at++) {
                if (idAt == NOWHERE
                        && at + ID_LENGTH <= fields.lineEnd()
                        && byId(line, at).isPresent()) {
                    idAt = at;
                }
                if (nameAt == NOWHERE && byName(line, at).isPresent()) {
                    nameAt = at;
                }
            }
            return know(fields, idAt, nameAt);
        }

        private Optional<Known> byName(byte[] line, int at) {
            long stream = number(line, at, STREAM_DIGITS);
            long index = number(line, at + STREAM_DIGITS, INDEX_DIGITS);
            long check = number(line, at + STREAM_DIGITS + INDEX_DIGITS, CHECK_DIGITS);
            return stream >= 0 && index >= 0 && check == check((int) stream, index)
                    ? Optional.of(new Known((int) stream, index, Known.LOST, Known.LOST))
                    : Optional.empty();
        }

        private Optional<Known> byId(byte[] line, int at) {
            long hash = number(line, at, HASH_DIGITS);
            long start = number(line, at + HASH_DIGITS, TIME_DIGITS);
            long pushed = number(line, at + HASH_DIGITS + TIME_DIGITS, TIME_DIGITS);
            long index = number(line, at + HASH_DIGITS + 2 * TIME_DIGITS, INDEX_DIGITS);
            long stream = number(line, at + HASH_DIGITS + 2 * TIME_DIGITS + INDEX_DIGITS, STREAM_DIGITS);
            return hash >= 0
                            && start >= 0
                            && pushed >= 0
                            && index >= 0
                            && stream >= 0
                            && hash == hash((int) stream, index, start, pushed)
                    ? Optional.of(new Known((int) stream, index, start, pushed))
                    : Optional.empty();
        }

        /** A damaged request id from which another byte at one place makes one that fits. */
        private Optional<Known> mended(byte[] line, int at, int stream, long parent) {
            byte[] tried = Arrays.copyOfRange(line, at, at + ID_LENGTH);
            for (int i = 0; i < ID_LENGTH; i++) {
                byte before = tried[i];
                for (int digit = 0; digit <= 0xF; digit++) {
                    tried[i] = (byte) Character.toUpperCase(Character.forDigit(digit, 16));
                    Optional<Known> known = byId(tried, 0).filter(id -> id.stream() == stream && id.index() == parent);
                    if (known.isPresent()) {
                        return known;
                    }
                }
                tried[i] = before;
            }
            return Optional.empty();
        }

        /** Which of the entries with this id a line with a damaged key is: the one that it resembles most. */
        private Known closest(Known id, Fields fields) {
            LogStream stream = run.stream(id.stream());
            Known best = id;
            int least = Integer.MAX_VALUE;
            for (long index = id.index(); index == id.index() || parent(id.stream(), index) == id.index(); index++) {
                Bytes line = line(stream, index, id.startMillis(), id.pushedMillis());
                int differences = new Fields(line.array(), 0, line.length())
                        .differences(fields)
                        .size();
                if (differences < least) {
                    least = differences;
                    best = new Known(id.stream(), index, id.startMillis(), id.pushedMillis());
                }
            }
            return best;
        }
    }

    /**
     * An entry that was known again.
     *
     * @param startMillis when it happened; {@link #LOST} where its request id does not tell any more
     * @param pushedMillis when it was written, the same
     */
    record Known(int stream, long index, long startMillis, long pushedMillis) {
        static final long LOST = -1;
    }

    private static final byte[] START = latin("{\"startTime\":\"");
    private static final byte[] ID = latin("\",\"req_id\":\"");
    private static final byte[] REQUEST = latin(",\"requestURI\":\"");
    private static final byte[] KEY = latin(",\"objectKey\":\"");
    private static final byte[] SENT = latin(",\"bytesSent\":");
    private static final byte[] SIZE = latin(",\"objectSize\":");
    private static final byte[] TOTAL = latin(",\"totalTime\":\"");
    private static final byte[] TURN = latin("\",\"turnAroundTime\":\"");
    private static final byte[] GET = latin("GET /");
    private static final byte[] PAD = latin("?pad=");
    private static final byte[] HTTP = latin(" HTTP/1.1");

    /** What all entries of a stream share. */
    private static final class Parts {
        private static final int SESSIONS = 64;

        private final byte[] owner;
        private final byte[] bucket;
        private final byte[] json;

        Parts(LogStream stream) {
            owner = owner(stream);
            bucket = latin(stream.bucket());
            json = json(stream);
        }

        private static byte[] owner(LogStream stream) {
            return latin("%064x".formatted(stream.number() + 1));
        }

        private static byte[] json(LogStream stream) {
            Bytes json = new Bytes();
            Map.of(
                            "bucketOwner", owner(stream),
                            "bucketName", latin(stream.bucket()),
                            "loggingTargetBucket", latin(stream.targetBucket()),
                            "loggingTargetPrefix", stream.targetPrefix().getBytes(StandardCharsets.UTF_8))
                    .forEach((column, value) -> property(column, value, json));
            return json.add(latin(",\"loggingEnabled\":true,\"raftSessionID\":" + stream.number() % SESSIONS + "}\n"))
                    .toArray();
        }
    }

    /** The entry whose time and id an entry has: its own, or those of the request that it is a part of. */
    long parent(int stream, long index) {
        long inFragment = index % run.fragment();
        return shape(stream, index) == Shape.SUB_RECORDS ? index - inFragment % GROUP : index;
    }

    /** What an entry is like: the same for all that could share an id. */
    private Shape shape(int stream, long index) {
        if (run.shape() != Shape.MIXED) {
            return run.shape();
        }
        long first = index - index % run.fragment() % GROUP;
        return switch ((int) (mix(random(stream, first)) & 0xFF)) {
            case 0 -> Shape.HUGE_AGENTS;
            case 1, 2, 3, 4, 5, 6, 7, 8 -> Shape.HOSTILE;
            case 9, 10, 11, 12, 13, 14, 15, 16 -> Shape.SUB_RECORDS;
            default -> Shape.ORDINARY;
        };
    }

    private long random(int stream, long index) {
        return mix(mix(run.seed() + stream) + index);
    }

    private void requestId(int stream, long index, long startMillis, long pushedMillis, Bytes out) {
        out.clear();
        // The hash comes first, so that the order by id is not the order by time.
        out.hex(hash(stream, index, startMillis, pushedMillis), HASH_DIGITS)
                .hex(startMillis, TIME_DIGITS)
                .hex(pushedMillis, TIME_DIGITS)
                .hex(index, INDEX_DIGITS)
                .hex(stream, STREAM_DIGITS);
    }

    private long hash(int stream, long index, long startMillis, long pushedMillis) {
        return mix(mix(mix(mix(key + stream) + index) + startMillis) + pushedMillis) >>> 16;
    }

    private long check(int stream, long index) {
        return mix(mix(secondKey + stream) + index) >>> 32;
    }

    private void pad(Bytes out, int count, long seed) {
        long random = seed;
        switch (run.compressibility()) {
            case MAX -> out.fill('x', count);
            case MEDIUM -> {
                for (int left = count; left > 0; left -= 4) {
                    random = mix(random);
                    out.add(WORDS[(int) (random & 7)], 0, Math.min(4, left));
                }
            }
            case MIN -> {
                for (int left = count; left > 0; left--) {
                    random = (left & 7) == 0 ? mix(random) : random >>> 6;
                    out.add((char) LETTERS[(int) (random & 63)]);
                }
            }
        }
    }

    private static Map<String, String[]> ordinary() {
        Map<String, String[]> pools = new LinkedHashMap<>();
        pools.put("requester", new String[] {
            "arn:aws:iam::123456789012:user/app",
            "arn:aws:sts::123456789012:assumed-role/reader/session",
            "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be",
            ""
        });
        pools.put("operation", new String[] {
            "REST.GET.OBJECT", "REST.PUT.OBJECT", "REST.HEAD.OBJECT", "REST.GET.BUCKET", "REST.DELETE.OBJECT"
        });
        pools.put("httpCode", new String[] {"200", "200", "200", "204", "206", "304", "404", "503"});
        pools.put("errorCode", new String[] {"", "", "", "NoSuchKey", "", "", "", "SlowDown"});
        pools.put("referer", new String[] {"", "", "", "https://console.example.com/browse?bucket=a b"});
        pools.put("userAgent", new String[] {
            "aws-cli/2.15.30 Python/3.11.8 Linux/6.1.0 exe/x86_64.debian.12 prompt/off command/s3.cp",
            "Boto3/1.34.69 md/Botocore#1.34.69 ua/2.0 os/linux#6.1.0 md/arch#x86_64 lang/python#3.12.2",
            "Mozilla/5.0 (X11; Linux x86_64; rv:124.0) Gecko/20100101 Firefox/124.0",
            ""
        });
        pools.put("versionId", new String[] {"", "", "", "3939393939393939393939393939756e4437.d1"});
        pools.put("signatureVersion", new String[] {"SigV4", "SigV4", "SigV2", ""});
        pools.put("cipherSuite", new String[] {"ECDHE-RSA-AES128-GCM-SHA256", "TLS_AES_128_GCM_SHA256", ""});
        pools.put("authenticationType", new String[] {"AuthHeader", "QueryString", ""});
        pools.put("hostHeader", new String[] {"s3.example.com", "bucket.s3.example.com", ""});
        pools.put("tlsVersion", new String[] {"TLSv1.3", "TLSv1.2", ""});
        pools.put("aclRequired", new String[] {"", "Yes"});
        pools.put(
                "clientIP",
                new String[] {"192.0.2.3", "::ffff:198.51.100.7", "2001:db8::1", "10.1.2.3", "::FFFF:203.0.113.9", ""});
        pools.put("objectKey", new String[] {"", "/part-0000.parquet", "/2026/11/21/a+b.csv", "/index.html"});
        return pools;
    }

    private static int column(String name) {
        return List.of(COLUMNS).indexOf(name);
    }

    /** What {@link LogLine} makes of a value, and the value in JSON; that of the key without the key before it. */
    private Value value(String column, byte[] text) {
        String latin = new String(text, StandardCharsets.ISO_8859_1);
        Bytes json = new Bytes();
        switch (column) {
            case "objectKey" -> {
                escape(text, json);
                json.add('"');
            }
            case "httpCode" -> json.add(latin(",\"httpCode\":" + latin));
            default -> {
                if (text.length > 0) {
                    property(column, text, json);
                }
            }
        }
        Map<Kind, byte[]> fields = new EnumMap<>(Kind.class);
        for (Kind kind : Kind.values()) {
            fields.put(kind, field(column, latin, kind));
        }
        return new Value(json.toArray(), fields, Kind.of(latin));
    }

    private byte[] field(String column, String text, Kind kind) {
        if (column.equals("objectKey") && text.isEmpty()) {
            return new byte[0];
        }
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("startTime", Instant.EPOCH);
        row.put("operation", kind.operation);
        row.put(column, column.equals("httpCode") ? Integer.valueOf(text) : (Object) text);
        return latin(LogLine.fields(row, style).get(FIELDS.get(column)));
    }

    private static final Map<String, String> FIELDS = Map.ofEntries(
            Map.entry("requester", "Requester"),
            Map.entry("operation", "Operation"),
            Map.entry("httpCode", "HTTP status"),
            Map.entry("errorCode", "Error Code"),
            Map.entry("referer", "Referer"),
            Map.entry("userAgent", "User-Agent"),
            Map.entry("versionId", "Version Id"),
            Map.entry("signatureVersion", "Signature Version"),
            Map.entry("cipherSuite", "Cipher Suite"),
            Map.entry("authenticationType", "Authentication Type"),
            Map.entry("hostHeader", "Host Header"),
            Map.entry("tlsVersion", "TLS version"),
            Map.entry("aclRequired", "aclRequired"),
            Map.entry("clientIP", "Remote IP"),
            Map.entry("objectKey", "Key"));

    private static void property(String column, byte[] text, Bytes out) {
        out.add(latin(",\"" + column + "\":\""));
        escape(text, out);
        out.add('"');
    }

    private static void escape(byte[] text, Bytes out) {
        for (byte one : text) {
            int code = one & 0xFF;
            if (code < ' ' || code == DELETE) {
                out.add(latin("\\u%04x".formatted(code)));
            } else {
                if (code == '"' || code == '\\') {
                    out.add('\\');
                }
                out.add((char) code);
            }
        }
    }

    private static byte[] hostileText(long seed) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        long random = seed;
        List<Integer> pieces = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            random = mix(random);
            pieces.add((int) (random >>> 33));
        }
        for (int piece : pieces) {
            if ((piece & 3) == 0) {
                bytes.write(0x80 + (piece >>> 2 & 0x7F));
            } else {
                bytes.writeBytes(LogLine.HOSTILE
                        .get((piece >>> 2) % LogLine.HOSTILE.size())
                        .getBytes(StandardCharsets.UTF_8));
                bytes.write('a' + (piece >>> 10) % 26);
            }
        }
        return bytes.toByteArray();
    }

    /** Hexadecimal digits in upper case as a number; -1 if some are none. */
    private static long number(byte[] bytes, int from, int count) {
        long number = 0;
        for (int i = from; i < from + count; i++) {
            int digit = bytes[i];
            if (digit >= '0' && digit <= '9') {
                number = number << 4 | (digit - '0');
            } else if (digit >= 'A' && digit <= 'F') {
                number = number << 4 | (digit - 'A' + 10);
            } else {
                return -1;
            }
        }
        return number;
    }

    /** The finalizer of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014). */
    static long mix(long value) {
        long z = value + 0x9E3779B97F4A7C15L;
        z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
        return z ^ z >>> 31;
    }

    private static byte[] sha256(String text) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    private static long longAt(byte[] bytes, int number) {
        return ByteBuffer.wrap(bytes).getLong(number * Long.BYTES);
    }

    private static byte[] latin(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }
}
