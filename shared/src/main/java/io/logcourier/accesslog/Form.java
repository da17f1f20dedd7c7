package io.logcourier.accesslog;

import io.logcourier.ledger.Compression;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What log objects are like. Frozen in each order, so a change touches later orders only. */
public record Form(KeyStyle keyStyle, Rendering rendering, Compression compression) {
    private static final Pattern PATTERN = Pattern.compile("[a-zA-Z0-9._*-]+");
    private static final Pattern REGION = Pattern.compile("[A-Za-z0-9._-]+");
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

    /**
     * Which source buckets are in which region: the first rule that fits counts, and one fits each bucket.
     *
     * @param rules in the order in which they were written
     */
    public record Regions(List<Map.Entry<String, String>> rules) {
        /**
         * Reads a region of all buckets, or rules: {@code PATTERN=REGION}, several separated by commas; a region alone at their
         * end is that of all others.
         *
         * @throws IllegalArgumentException if they are none, or fit not every bucket
         */
        public static Regions parse(String text) {
            List<Map.Entry<String, String>> rules = new ArrayList<>();
            for (String rule : text.split(",", -1)) {
                int equals = rule.indexOf('=');
                String region = rule.substring(equals + 1).strip();
                if (!REGION.matcher(region).matches()) {
                    throw new IllegalArgumentException(
                            "'" + region + "' is no region: letters, digits, dots, hyphens and underscores are needed");
                }
                rules.add(Map.entry(
                        equals < 0 ? "*" : pattern(rule.substring(0, equals).strip()), region));
            }
            if (!rules.getLast().getKey().equals("*")) {
                throw new IllegalArgumentException("buckets that no pattern of '" + text
                        + "' fits have no region: end it with ',REGION' for all others");
            }
            return new Regions(List.copyOf(rules));
        }

        /** The region of a source bucket. */
        public String of(String sourceBucket) {
            return rules.stream()
                    .filter(rule -> fits(rule.getKey(), sourceBucket))
                    .findFirst()
                    .orElseThrow()
                    .getValue();
        }
    }

    /** Whether a pattern, in which {@code *} stands for any characters, is one of this bucket's name. */
    public static boolean fits(String pattern, String bucket) {
        String expression =
                Stream.of(pattern.split("\\*", -1)).map(Pattern::quote).collect(Collectors.joining(".*"));
        return Pattern.compile(expression, Pattern.DOTALL).matcher(bucket).matches();
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
        Optional<KeyStyle> style = take(List.of(KeyStyle.values()), Form::name, words);
        Optional<Rendering> rendering = take(Rendering.current(), Rendering::name, words);
        Optional<Compression> compression = take(List.of(Compression.values()), Form::name, words);
        if (!words.isEmpty()) {
            throw new IllegalArgumentException("'%s' is not expected in '%s': one of %s, one of %s and one of %s is"
                    .formatted(
                            words.getFirst(),
                            text,
                            names(List.of(KeyStyle.values()), Form::name),
                            names(Rendering.current(), Rendering::name),
                            names(List.of(Compression.values()), Form::name)));
        }
        if (rendering.filter(Rendering::isFile).isPresent() && compression.isPresent()) {
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
    private static <V> Optional<V> take(List<V> values, Function<V, String> name, List<String> words) {
        Optional<V> named = values.stream()
                .filter(value -> words.contains(name.apply(value)))
                .findFirst();
        named.ifPresent(value -> words.remove(name.apply(value)));
        return named;
    }

    private static <V> String names(List<V> values, Function<V, String> name) {
        return values.stream().map(name).collect(Collectors.joining(", "));
    }

    private static String name(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
