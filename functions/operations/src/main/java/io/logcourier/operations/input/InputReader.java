package io.logcourier.operations.input;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.logcourier.PoisonMessageException;
import io.logcourier.s3.BucketName;
import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.exc.StreamConstraintsException;
import tools.jackson.core.exc.UnexpectedEndOfInputException;
import tools.jackson.core.json.JsonFactory;

/**
 * Reads lines as rows of a table. What ClickHouse would refuse, or store as something else than the line says, is refused
 * here, in words. Values need not be UTF-8: a line is read with a character for each byte. Not thread-safe.
 */
public final class InputReader {
    /** Records are flat. */
    private static final int DEEPEST = 1_000;

    private static final int SHOWN = 40;
    private static final int LONGEST_NAME = 100;

    private static final Pattern WHOLE = Pattern.compile("-?[0-9]{1,40}");
    private static final Pattern NUMBER = Pattern.compile(
            "[+-]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)([eE][+-]?[0-9]+)?|[+-]?(nan|inf|infinity)", Pattern.CASE_INSENSITIVE);

    /** As CloudServer writes it: ClickHouse reads it in every mode, so the line is sent as it is. */
    private static final Pattern SECONDS = Pattern.compile("\"[0-9]{9,10}(\\.[0-9]{1,3})?\"");

    /** Lifecycle's, which are of no HTTP request. */
    private static final String WITHOUT_HTTP = "S3.";

    /** Texts that tell what a row is. */
    private static final Set<String> WATCHED = Stream.concat(
                    Arrays.stream(InputField.values()).filter(field -> field.need() != InputField.Need.OPTIONAL),
                    Stream.of(InputField.OBJECT_KEY, InputField.VERSION_ID))
            .map(InputField::column)
            .collect(Collectors.toUnmodifiableSet());

    private static final JsonFactory JSON = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(DEEPEST)
                    .maxStringLength(Integer.MAX_VALUE)
                    .maxNameLength(Integer.MAX_VALUE)
                    .maxNumberLength(Integer.MAX_VALUE)
                    .build())
            .build();

    private final InputTable table;
    private final Map<String, Column> columns = new HashMap<>();

    /**
     * A column, and what of its value is looked at.
     *
     * @param place among the columns
     * @param isSkimmed whether any value will do, and nothing of it is needed
     */
    private record Column(String name, ValueKind kind, int place, boolean isSkimmed) {
        Column(String name, ValueKind kind, int place) {
            this(name, kind, place, kind instanceof ValueKind.Text && !WATCHED.contains(name));
        }
    }

    /** A reader of rows of {@code table}. */
    public InputReader(InputTable table) {
        this.table = table;
        table.columns()
                .forEach((name, type) -> columns.put(name, new Column(name, ValueKind.of(type), columns.size())));
    }

    /** A value as it stands in the line, from and to. */
    private record Span(int from, int to) {}

    /** A value that is sent in another form. */
    private record Change(Span span, String value) {}

    /**
     * The row that a line is.
     *
     * @param line without its end; not blank
     * @param length bytes of it that count
     * @param isMarked whether the row is to have a {@link InputRow#mark}
     * @throws PoisonMessageException if it is no row, with what is wrong, for people
     */
    public InputRow read(byte[] line, int length, boolean isMarked) {
        String text = new String(line, 0, length, ISO_8859_1);
        checkBegin(text);
        try (JsonParser json = JSON.createParser(ObjectReadContext.empty(), text)) {
            Draft draft = new Draft(text);
            json.nextToken();
            while (json.nextToken() == JsonToken.PROPERTY_NAME) {
                String name = json.currentName();
                json.nextToken();
                Column column = columns.get(name);
                if (column == null) {
                    draft.unknown.add(named(name));
                    json.skipChildren();
                } else {
                    draft.take(column, json);
                }
            }
            if (json.nextToken() != null) {
                throw new PoisonMessageException("there is more behind the object: one object a line is needed");
            }
            return draft.row(isMarked);
        } catch (StreamConstraintsException e) {
            throw new PoisonMessageException(
                    "it is nested deeper than %,d levels, and so no record; take it out".formatted(DEEPEST), e);
        } catch (UnexpectedEndOfInputException e) {
            throw new PoisonMessageException(
                    "not JSON: the line ends before its object does; one object a line is needed: `jq -c . FILE` makes such lines",
                    e);
        } catch (JacksonException e) {
            int at = Math.clamp(e.getLocation().getCharOffset(), 0, text.length());
            // A parser that has read the wrong character stands behind it.
            int wrong = Math.max(0, at - 1);
            throw new PoisonMessageException(
                    "not JSON: wrong near character %d, at %s".formatted(wrong + 1, shown(text, wrong)), e);
        }
    }

    /** A field's name, of characters instead of bytes. Most are the same from row to row, and kept once. */
    private static String named(String bytes) {
        String name = bytes.length() <= LONGEST_NAME ? bytes : bytes.substring(0, LONGEST_NAME) + "...";
        return name.chars().allMatch(c -> c < 0x80) ? name : new String(name.getBytes(ISO_8859_1), UTF_8);
    }

    private static void checkBegin(String text) {
        int begin = 0;
        while (begin < text.length() && (text.charAt(begin) == ' ' || text.charAt(begin) == '\t')) {
            begin++;
        }
        char first = begin < text.length() ? text.charAt(begin) : ' ';
        if (first == '[') {
            throw new PoisonMessageException(
                    "a JSON array, where one object a line is needed: `jq -c '.[]' FILE` makes such lines");
        }
        if (first != '{') {
            throw new PoisonMessageException("not JSON: it begins with %s%s".formatted(shown(text, begin), kind(text)));
        }
    }

    /** What a file is that begins so, where that is known. */
    private static String kind(String text) {
        record Kind(String begin, String what) {}
        return List.of(
                        new Kind("PK\u0003\u0004", "a zip archive; unpack it first"),
                        new Kind("(\u00b5/\u00fd", "zstd; unpack it first with zstdcat"),
                        new Kind("BZh", "bzip2; unpack it first with bzcat"),
                        new Kind("\u00fd7zXZ", "xz; unpack it first with xzcat"),
                        new Kind("\u001f\u008b", "gzip within gzip; unpack it first with zcat"),
                        new Kind("PAR1", "Parquet, and needed are JSON lines"),
                        new Kind("\u00ff\u00fe", "UTF-16, and needed is UTF-8"),
                        new Kind("\u00fe\u00ff", "UTF-16, and needed is UTF-8"),
                        new Kind("<", "XML, and needed are JSON lines"))
                .stream()
                .filter(kind -> text.startsWith(kind.begin()))
                .findFirst()
                .map(kind -> ", as " + kind.what())
                .orElse("");
    }

    /** A piece of a line in quotes, in which every byte that is no printable ASCII is its escape. */
    static String shown(String text, int from) {
        StringBuilder shown = new StringBuilder("'");
        int to = Math.min(text.length(), from + SHOWN);
        for (int i = from; i < to; i++) {
            char c = text.charAt(i);
            if (c >= ' ' && c < 0x7f) {
                shown.append(c);
            } else {
                shown.append("\\x%02x".formatted((int) c));
            }
        }
        return shown.append(to < text.length() ? "..." : "").append("'").toString();
    }

    /** What is known of a row while it is read. */
    private final class Draft {
        private final String text;
        private final List<String> unknown = new ArrayList<>(0);
        private final Map<String, Span> present = new HashMap<>();
        private final BitSet seen = new BitSet();
        private final List<Change> changes = new ArrayList<>(0);
        private Optional<Instant> start = Optional.empty();
        private Optional<Instant> inserted = Optional.empty();
        /** A table without the column keeps every row. */
        private boolean isLogged = !columns.containsKey(InputField.LOGGING_ENABLED.column());

        private String target = "";
        private boolean isWithoutHttp;

        Draft(String text) {
            this.text = text;
        }

        void take(Column column, JsonParser json) {
            String name = column.name();
            if (seen.get(column.place())) {
                throw new PoisonMessageException("it has " + name + " twice");
            }
            seen.set(column.place());
            if (column.isSkimmed()) {
                json.skipChildren();
                return;
            }
            Span span = span(json);
            if (json.currentToken() == JsonToken.VALUE_NULL) {
                return;
            }
            switch (column.kind()) {
                case ValueKind.Text text -> takeText(name, span);
                case ValueKind.Whole whole -> takeWhole(name, whole, json, span);
                case ValueKind.Decimal number -> takeNumber(name, json, span);
                case ValueKind.Flag flag -> takeFlag(name, json, span);
                case ValueKind.Time time -> takeTime(name, time, json, span);
                case ValueKind.Other other -> present.put(name, span);
            }
        }

        /** Reads a value to its end. */
        private Span span(JsonParser json) {
            int from = (int) json.currentTokenLocation().getCharOffset();
            if (json.currentToken().isNumeric()) {
                return new Span(from, from + json.getStringLength());
            }
            json.skipChildren();
            json.finishToken();
            return new Span(from, (int) json.currentLocation().getCharOffset());
        }

        private void takeText(String name, Span span) {
            if (span.to() - span.from() == 2 && text.charAt(span.from()) == '"') {
                return;
            }
            present.put(name, span);
            if (name.equals(InputField.LOGGING_TARGET_BUCKET.column())) {
                target = new String(bytes(span), ISO_8859_1);
            } else if (name.equals(InputField.OPERATION.column())) {
                isWithoutHttp = text.startsWith(WITHOUT_HTTP, span.from() + 1);
            }
        }

        private void takeWhole(String name, ValueKind.Whole whole, JsonParser json, Span span) {
            if (!isFlag(json) && !isWithin(unquoted(span), whole)) {
                throw refused(
                        name, span, "needed is a whole number from %s to %s".formatted(whole.least(), whole.most()));
            }
            present.put(name, span);
        }

        private static boolean isWithin(String value, ValueKind.Whole whole) {
            if (!WHOLE.matcher(value).matches()) {
                return false;
            }
            BigInteger number = new BigInteger(value);
            return number.compareTo(whole.least()) >= 0 && number.compareTo(whole.most()) <= 0;
        }

        private void takeNumber(String name, JsonParser json, Span span) {
            if (!isFlag(json) && !NUMBER.matcher(unquoted(span)).matches()) {
                throw refused(name, span, "needed is a number");
            }
            present.put(name, span);
        }

        /** ClickHouse takes true and false for 1 and 0. */
        private static boolean isFlag(JsonParser json) {
            return json.currentToken() == JsonToken.VALUE_TRUE || json.currentToken() == JsonToken.VALUE_FALSE;
        }

        private void takeFlag(String name, JsonParser json, Span span) {
            boolean isTrue =
                    json.currentToken() == JsonToken.VALUE_TRUE || raw(span).equals("1");
            if (!isTrue
                    && json.currentToken() != JsonToken.VALUE_FALSE
                    && !raw(span).equals("0")) {
                throw refused(name, span, "needed is true or false, without quotes");
            }
            present.put(name, span);
            if (name.equals(InputField.LOGGING_ENABLED.column())) {
                isLogged = isTrue;
            }
        }

        private void takeTime(String name, ValueKind.Time kind, JsonParser json, Span span) {
            boolean isStart = name.equals(InputField.START_TIME.column());
            if (!isStart && !name.equals(InputField.INSERTED_AT.column())) {
                present.put(name, span);
                return;
            }
            Optional<Instant> time =
                    json.currentToken().isScalarValue() ? InputTime.of(unquoted(span)) : Optional.empty();
            if (time.isEmpty()) {
                throw refused(name, span, InputTime.FORMS);
            }
            present.put(name, span);
            if (isStart) {
                start = time;
            } else {
                inserted = time;
            }
            if (kind.isWholeSeconds() || !SECONDS.matcher(raw(span)).matches()) {
                Instant stored = kind.isWholeSeconds() ? time.get().truncatedTo(ChronoUnit.SECONDS) : time.get();
                changes.add(new Change(span, "\"" + stored + "\""));
            }
        }

        private PoisonMessageException refused(String name, Span span, String needed) {
            return new PoisonMessageException("%s is %s, %s".formatted(name, shown(raw(span), 0), needed));
        }

        private String raw(Span span) {
            return text.substring(span.from(), span.to());
        }

        /** The text of a scalar. */
        private String unquoted(Span span) {
            String raw = raw(span);
            return raw.startsWith("\"") ? new String(bytes(span), ISO_8859_1) : raw;
        }

        InputRow row(boolean isMarked) {
            Instant started = start.orElseThrow(() -> new PoisonMessageException(
                    isSeen(InputField.START_TIME)
                            ? "startTime is null, " + InputTime.FORMS
                            : "it has no startTime%s; %s".formatted(has(), InputTime.FORMS)));
            Fate fate = fate(started);
            return new InputRow(
                    json(), started, fate, unknown, lacking(fate), isMarked ? mark(started) : Optional.empty());
        }

        private boolean isSeen(InputField field) {
            Column column = columns.get(field.column());
            return column != null && seen.get(column.place());
        }

        private String has() {
            List<String> names = new ArrayList<>(unknown);
            seen.stream().mapToObj(table.names()::get).forEach(names::add);
            return names.isEmpty() ? ", as it has nothing" : ", it has " + shown(String.join(", ", names), 0);
        }

        private Fate fate(Instant started) {
            if (!isLogged) {
                return present.containsKey(InputField.LOGGING_ENABLED.column()) ? Fate.INTERNAL : Fate.UNFLAGGED;
            }
            if (inserted.filter(time -> table.isPast(InputField.INSERTED_AT.column(), time))
                            .isPresent()
                    || table.isPast(InputField.START_TIME.column(), started)) {
                return Fate.EXPIRED;
            }
            if (!present.containsKey(InputField.BUCKET_NAME.column())) {
                return Fate.WITHOUT_BUCKET;
            }
            if (target.isEmpty()) {
                return Fate.WITHOUT_TARGET;
            }
            return BucketName.isPossible(target) ? Fate.ARRIVES : Fate.IMPOSSIBLE_TARGET;
        }

        /** Of internal traffic, nobody reads more than that it is. */
        private List<InputField> lacking(Fate fate) {
            if (fate == Fate.INTERNAL) {
                return List.of();
            }
            List<InputField> lacking = new ArrayList<>(0);
            for (InputField field : InputField.values()) {
                if (field.need() != InputField.Need.OPTIONAL
                        && columns.containsKey(field.column())
                        && !present.containsKey(field.column())
                        && !(field == InputField.HTTP_CODE && isWithoutHttp)) {
                    lacking.add(field);
                }
            }
            return lacking;
        }

        private byte[] json() {
            if (changes.isEmpty()) {
                return text.getBytes(ISO_8859_1);
            }
            int at = 0;
            StringBuilder changed = new StringBuilder(text.length() + 32);
            for (Change change : changes) {
                changed.append(text, at, change.span().from()).append(change.value());
                at = change.span().to();
            }
            return changed.append(text, at, text.length()).toString().getBytes(ISO_8859_1);
        }

        private Optional<String> mark(Instant started) {
            if (!present.containsKey(InputField.REQ_ID.column())) {
                return Optional.empty();
            }
            return Optional.of(Mark.of(
                    started,
                    List.of(
                                    InputField.BUCKET_NAME,
                                    InputField.REQ_ID,
                                    InputField.OPERATION,
                                    InputField.OBJECT_KEY,
                                    InputField.VERSION_ID)
                            .stream()
                            .map(field -> present.get(field.column()))
                            .map(span -> span == null ? new byte[0] : bytes(span))
                            .toList()));
        }

        /** The bytes that ClickHouse stores of a value. */
        private byte[] bytes(Span span) {
            String raw = raw(span);
            if (!raw.startsWith("\"")) {
                return raw.getBytes(ISO_8859_1);
            }
            if (raw.indexOf('\\') < 0) {
                return raw.substring(1, raw.length() - 1).getBytes(ISO_8859_1);
            }
            ByteArrayOutputStream bytes = new ByteArrayOutputStream(raw.length());
            int i = 1;
            while (i < raw.length() - 1) {
                char c = raw.charAt(i);
                if (c != '\\') {
                    bytes.write(c);
                    i++;
                } else if (raw.charAt(i + 1) != 'u') {
                    bytes.write(escaped(raw.charAt(i + 1)));
                    i += 2;
                } else {
                    StringBuilder unicode = new StringBuilder();
                    while (raw.startsWith("\\u", i)) {
                        unicode.append((char) Integer.parseInt(raw, i + 2, i + 6, 16));
                        i += 6;
                    }
                    bytes.writeBytes(unicode.toString().getBytes(UTF_8));
                }
            }
            return bytes.toByteArray();
        }

        private static char escaped(char letter) {
            return switch (letter) {
                case 'b' -> '\b';
                case 'f' -> '\f';
                case 'n' -> '\n';
                case 'r' -> '\r';
                case 't' -> '\t';
                default -> letter;
            };
        }
    }
}
