package io.logcourier.accesslog;

import io.logcourier.ledger.Compression;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What log objects are like. Frozen in each order, so a change touches later orders only. */
public record Form(KeyStyle keyStyle, Rendering rendering, Compression compression) {
    private static final Pattern PATTERN = Pattern.compile("[a-zA-Z0-9._*-]+");
    private static final Form DEFAULT = new Form(KeyStyle.SIMPLE, Rendering.TEXT, Compression.NONE);

    /**
     * Which target buckets get which form: the first rule that fits counts, simple keys, text and no compression where none does.
     *
     * @param rules in the order in which they were written
     */
    public record Rules(List<Rule> rules) {
        /** The form of objects in {@code targetBucket}. */
        public Form of(String targetBucket) {
            return rules.stream()
                    .filter(rule -> rule.fits(targetBucket))
                    .map(Rule::form)
                    .findFirst()
                    .orElse(DEFAULT);
        }

        /** Whether some keys have folders, which begin with an account. */
        public boolean needAccount() {
            return rules.stream().anyMatch(rule -> rule.form().keyStyle() != KeyStyle.SIMPLE);
        }
    }

    /**
     * A form for some target buckets.
     *
     * @param pattern of their names; {@code *} stands for any characters
     */
    public record Rule(String pattern, Form form) {
        private boolean fits(String bucket) {
            return Form.fits(pattern, bucket);
        }
    }

    /** Whether a pattern, in which {@code *} stands for any characters, is one of this bucket's name. */
    public static boolean fits(String pattern, String bucket) {
        return bucket.matches(
                Stream.of(pattern.split("\\*", -1)).map(Pattern::quote).collect(Collectors.joining(".*")));
    }

    /**
     * Reads rules: {@code PATTERN=WORD WORD}, several separated by commas. In the pattern {@code *} stands for any
     * characters; a word is a key style, a rendering or a compression.
     *
     * @throws IllegalArgumentException if they are none
     */
    public static Rules parse(String text) {
        return new Rules(Stream.of(text.split(",", -1))
                .map(String::strip)
                .filter(rule -> !rule.isEmpty())
                .map(Form::rule)
                .toList());
    }

    private static Rule rule(String text) {
        int equals = text.indexOf('=');
        if (equals < 1) {
            throw new IllegalArgumentException("PATTERN=WORDS is needed: '" + text + "' has no pattern");
        }
        String pattern = pattern(text.substring(0, equals).strip());
        List<String> words =
                new ArrayList<>(List.of(text.substring(equals + 1).strip().split("\\s+")));
        Optional<KeyStyle> style = take(KeyStyle.values(), words);
        Optional<Rendering> rendering = take(Rendering.values(), words);
        Optional<Compression> compression = take(Compression.values(), words);
        if (!words.isEmpty()) {
            throw new IllegalArgumentException("'%s' is not expected in '%s': one of %s, one of %s and one of %s is"
                    .formatted(
                            words.getFirst(),
                            text,
                            names(KeyStyle.values()),
                            names(Rendering.values()),
                            names(Compression.values())));
        }
        if (rendering.equals(Optional.of(Rendering.PARQUET)) && compression.isPresent()) {
            throw new IllegalArgumentException("a Parquet file is compressed by itself: leave out '%s' in '%s'"
                    .formatted(name(compression.get()), text));
        }
        return new Rule(
                pattern,
                new Form(
                        style.orElse(DEFAULT.keyStyle()),
                        rendering.orElse(DEFAULT.rendering()),
                        compression.orElse(DEFAULT.compression())));
    }

    /**
     * A pattern as it is given, in which {@code *} stands for any characters.
     *
     * @throws IllegalArgumentException if it can fit no name of a bucket
     */
    public static String pattern(String text) {
        if (!PATTERN.matcher(text).matches()) {
            throw new IllegalArgumentException(
                    "a pattern of bucket names is needed, in which * stands for any characters: '" + text
                            + "' fits none");
        }
        return text;
    }

    /** Removes the first of {@code words} that names a value. */
    private static <E extends Enum<E>> Optional<E> take(E[] values, List<String> words) {
        Optional<E> named = Arrays.stream(values)
                .filter(value -> words.contains(name(value)))
                .findFirst();
        named.ifPresent(value -> words.remove(name(value)));
        return named;
    }

    private static String names(Enum<?>[] values) {
        return Arrays.stream(values).map(Form::name).collect(Collectors.joining(", "));
    }

    private static String name(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
