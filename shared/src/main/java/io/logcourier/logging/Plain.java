package io.logcourier.logging;

import java.io.FilterWriter;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.lang.reflect.Constructor;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Text that does nothing to a terminal. Names of buckets, keys, reasons and the like come from strangers, who may put
 * escape sequences, line breaks and marks that turn the direction of text into them. Here every such character becomes
 * its escape, {@code \u001b}, as in JSON: control characters (C0, DEL, C1), line and paragraph separators, and bidirectional
 * marks.
 *
 * <p>It happens in two steps, so that forgetting one does no harm: {@link #copy} on whatever is printed for people, where
 * nothing in a value may begin a line, and {@link #writer} around the outputs, which keeps line breaks.
 */
public final class Plain {
    private static final int DELETE = 0x7f;
    private static final int LAST_C1 = 0x9f;
    private static final String TAB = "    ";

    /** Finds nothing. */
    private static final Pattern NONE = Pattern.compile("(?!)");

    private Plain() {}

    /** A value, on one line: line breaks and tabs become escapes too. */
    public static String value(String text) {
        return escaped(text, false);
    }

    /** Text of several lines, those after the first indented, so that none of them looks like one of ours. */
    public static String indented(String text) {
        return escaped(text.replace("\t", TAB), true).replace("\n", "\n" + TAB);
    }

    /** A writer that lets line breaks through, and of all else only what does nothing. Tabs become spaces. */
    public static PrintWriter writer(Writer out) {
        return writer(out, NONE);
    }

    /** As the other one, and lets our own sequences through: those which this pattern finds, whole within one write. */
    public static PrintWriter writer(Writer out, Pattern sequences) {
        return new PrintWriter(new Escaping(out, sequences), true);
    }

    /**
     * The same record with every text in it, at any depth, as {@link #value} has it: in records, lists, maps and optionals.
     *
     * @throws IllegalStateException if a record's own constructor does not take such text
     */
    @SuppressWarnings("unchecked")
    public static <T extends Record> T copy(T result) {
        return (T) plain(result);
    }

    private static Object plain(Object value) {
        return switch (value) {
            case null -> null;
            case String text -> value(text);
            case Record record -> record(record);
            case Optional<?> optional -> optional.map(Plain::plain);
            case List<?> list -> {
                List<Object> plain = new ArrayList<>(list.size());
                list.forEach(element -> plain.add(plain(element)));
                yield plain;
            }
            case Map<?, ?> map -> {
                Map<Object, Object> plain = new LinkedHashMap<>();
                map.forEach((key, element) -> plain.put(plain(key), plain(element)));
                yield plain;
            }
            // A number, a time, a constant: none has text of a stranger's.
            default -> value;
        };
    }

    private static Record record(Record record) {
        RecordComponent[] components = record.getClass().getRecordComponents();
        Class<?>[] types = new Class<?>[components.length];
        Object[] values = new Object[components.length];
        try {
            for (int i = 0; i < components.length; i++) {
                types[i] = components[i].getType();
                components[i].getAccessor().setAccessible(true);
                values[i] = plain(components[i].getAccessor().invoke(record));
            }
            Constructor<? extends Record> constructor = record.getClass().getDeclaredConstructor(types);
            constructor.setAccessible(true);
            return constructor.newInstance(values);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(
                    "cannot print a " + record.getClass().getSimpleName(), e);
        }
    }

    private static String escaped(String text, boolean keepsLines) {
        for (int i = 0; i < text.length(); i++) {
            if (isHarmful(text.charAt(i), keepsLines)) {
                StringBuilder plain = new StringBuilder(text.length() + 16);
                text.chars().forEach(c -> append(plain, (char) c, keepsLines));
                return plain.toString();
            }
        }
        return text;
    }

    private static void append(StringBuilder plain, char c, boolean keepsLines) {
        if (!isHarmful(c, keepsLines)) {
            plain.append(c);
        } else if (c == '\n') {
            plain.append("\\n");
        } else if (c == '\t') {
            plain.append("\\t");
        } else {
            plain.append("\\u%04x".formatted((int) c));
        }
    }

    private static boolean isHarmful(char c, boolean keepsLines) {
        return c < ' ' ? !(keepsLines && c == '\n') : c >= DELETE && (c <= LAST_C1 || isSeparator(c) || isDirection(c));
    }

    private static boolean isSeparator(char c) {
        return c == '\u2028' || c == '\u2029';
    }

    private static boolean isDirection(char c) {
        return c == '\u061c'
                || c == '\u200e'
                || c == '\u200f'
                || (c >= '\u202a' && c <= '\u202e')
                || (c >= '\u2066' && c <= '\u2069');
    }

    private static final class Escaping extends FilterWriter {
        private final Pattern sequences;

        Escaping(Writer out, Pattern sequences) {
            super(out);
            this.sequences = sequences;
        }

        @Override
        public void write(int c) throws IOException {
            write(Character.toString(c), 0, 1);
        }

        @Override
        public void write(char[] text, int offset, int length) throws IOException {
            write(new String(text, offset, length), 0, length);
        }

        @Override
        public void write(String text, int offset, int length) throws IOException {
            String piece = text.substring(offset, offset + length).replace("\t", TAB);
            Matcher ours = sequences.matcher(piece);
            StringBuilder plain = new StringBuilder();
            int end = 0;
            while (ours.find()) {
                plain.append(escaped(piece.substring(end, ours.start()), true)).append(ours.group());
                end = ours.end();
            }
            out.write(plain.append(escaped(piece.substring(end), true)).toString());
        }
    }
}
