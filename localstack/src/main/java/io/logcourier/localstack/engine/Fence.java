package io.logcourier.localstack.engine;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Keeps statements within the data folder. The engine's own grants and constraints ({@code users.xml}) refuse all sources
 * but tables: files, URLs, S3, other servers, dictionaries. What libchdb lets pass, since it takes whoever embeds it for
 * the owner of all files, is refused here by its words: the function {@code file}, disks of a statement's own, INFILE,
 * ATTACH from a path, engines that take a path, scripts, and backups elsewhere than in the data folder.
 *
 * <p>Only tokens are looked at. A column may be called {@code file}, but not be followed by a parenthesis. Nor may it be an
 * argument by itself: ClickHouse takes the name of a function for one ({@code arrayMap(file, ...)}). Nor may it get another
 * name, under which it would be one, or come as an Identifier parameter.
 */
final class Fence {
    /** In small letters; refused before a parenthesis, behind ENGINE and APPLY, before AS, and as an argument. */
    private static final Set<String> REACHING = Set.of(
            "azureblobstorage",
            "catboostevaluate",
            "disk",
            "embeddedrocksdb",
            "eval",
            "executable",
            "executablepool",
            "file",
            "filelog",
            "hascolumnintable",
            "queryrunner",
            "s3",
            "sqlite",
            "url");

    /** Where a backup lies; the engine checks that it is in the folder for backups. */
    private static final Set<String> BACKUPS = Set.of("disk", "file");

    private static final Set<String> BEFORE_A_NAME = Set.of("ENGINE", "APPLY");

    /** Parentheses that begin so hold a list of results, not of arguments. */
    private static final Set<String> QUERY = Set.of("SELECT", "WITH");

    /** Parentheses behind these hold columns, not arguments. */
    private static final Set<String> BEFORE_COLUMNS = Set.of("BY", "KEY", "USING");

    private static final Pattern HEXADECIMAL = Pattern.compile("\\\\x(\\p{XDigit}{2})");

    /** U+2018 to U+201F: ClickHouse takes some of them for quotes, which would hide what is between them. */
    private static final byte[] TYPOGRAPHIC_QUOTES = {(byte) 0xe2, (byte) 0x80};

    private Fence() {}

    /** What a statement, or data that may hold expressions, would reach for outside the data folder; empty if nothing. */
    static Optional<String> reached(byte[] sql) {
        return reached(sql, Map.of());
    }

    /**
     * As the other one.
     *
     * @param parameters of the statement, by name
     */
    static Optional<String> reached(byte[] sql, Map<String, byte[]> parameters) {
        Lexer lexer = new Lexer(sql);
        lexer.next();
        String first = lexer.word();
        boolean isBackup = first.equals("BACKUP") || first.equals("RESTORE");
        Brackets brackets = new Brackets(first.equals("INSERT"));
        String before = "";
        String name = "";
        String last = "";
        String lastButOne = "";
        while (!lexer.atEnd()) {
            if (isTypographicQuote(sql, lexer.start())) {
                return Optional.of("text between typographic quotes");
            }
            String word = lexer.word();
            boolean isFile = (word.equals("INFILE") && before.equals("FROM"))
                    || (first.equals("ATTACH") && before.equals("FROM") && sql[lexer.start()] == '\'');
            if (isFile) {
                return Optional.of(before + " " + (word.isEmpty() ? "a path" : word));
            }
            if (word.equals("IDENTIFIER") && last.equals(":")) {
                Optional<String> identifier = identifier(lastButOne, parameters);
                if (identifier.isPresent()) {
                    return identifier;
                }
            }
            boolean isEndOfArgument = lexer.is(',') || lexer.is(')');
            if (isEndOfArgument && brackets.isArgument() && isReaching(name, isBackup)) {
                return Optional.of(name + " as an argument");
            }
            if (word.equals("AS") && isReaching(name, isBackup) && !lastButOne.equals(".")) {
                return Optional.of(name + " AS");
            }
            brackets.see(lexer, word);
            if (lexer.is('(')) {
                if (isReaching(name, isBackup)) {
                    return Optional.of(name + "(...)");
                }
                name = "";
            } else if (!lexer.is('=')) {
                name = name(lexer, sql);
                if (BEFORE_A_NAME.contains(before) && isReaching(name, isBackup)) {
                    return Optional.of(before + " " + name);
                }
            }
            // APPLY(name) and ENGINE = name are as without the symbol.
            boolean keeps = BEFORE_A_NAME.contains(before) && (lexer.is('(') || lexer.is('='));
            before = keeps ? before : word;
            lastButOne = last;
            last = lexer.text();
            lexer.next();
        }
        return Optional.empty();
    }

    /** Which brackets are open, and whether the last token was an argument by itself. */
    private static final class Brackets {
        /** Of each: whether what it holds are arguments. */
        private final Deque<Boolean> open = new ArrayDeque<>();

        /** The columns of an INSERT are no arguments: those in the first parentheses, before its rows. */
        private boolean isBeforeColumns;

        private String lastWord = "";
        private boolean isOpened;
        private boolean isBegun;
        private boolean isAlone;

        Brackets(boolean isInsert) {
            isBeforeColumns = isInsert;
        }

        /** Whether the last token stands between two of an opening parenthesis, a comma, and a closing one. */
        boolean isArgument() {
            return isAlone && !open.isEmpty() && open.peek();
        }

        void see(Lexer lexer, String word) {
            if (isOpened && QUERY.contains(word)) {
                open.pop();
                open.push(false);
            }
            isOpened = false;
            isAlone = isBegun;
            isBegun = false;
            if (lexer.is('(')) {
                open.push(!isBeforeColumns && !BEFORE_COLUMNS.contains(lastWord));
                isBeforeColumns = false;
                isOpened = true;
                isBegun = true;
            } else if (lexer.is('[')) {
                open.push(true);
                isBegun = true;
            } else if ((lexer.is(')') || lexer.is(']')) && !open.isEmpty()) {
                open.pop();
            } else if (lexer.is(',')) {
                isBegun = true;
            } else if (QUERY.contains(word) || word.equals("VALUES")) {
                isBeforeColumns = false;
            }
            lastWord = word;
        }
    }

    /** {@code {name:Identifier}} stands for the value of a parameter; a VIEW would take any later. */
    private static Optional<String> identifier(String parameter, Map<String, byte[]> parameters) {
        byte[] value = parameters.get(parameter);
        if (value == null) {
            return Optional.of("an Identifier parameter without a value");
        }
        String identifier = unescaped(new String(value, StandardCharsets.ISO_8859_1));
        return isReaching(identifier, false)
                ? Optional.of("the Identifier " + parameter + " = " + identifier)
                : Optional.empty();
    }

    private static boolean isReaching(String name, boolean isBackup) {
        String small = name.toLowerCase(Locale.ROOT);
        return REACHING.contains(small) && !(isBackup && BACKUPS.contains(small));
    }

    /** A bare or quoted name as ClickHouse reads it, or empty. */
    private static String name(Lexer lexer, byte[] sql) {
        if (!lexer.word().isEmpty()) {
            return lexer.text();
        }
        boolean isQuoted = lexer.end() - lexer.start() >= 2 && (sql[lexer.start()] == '`' || sql[lexer.start()] == '"');
        if (!isQuoted) {
            return "";
        }
        return unescaped(
                new String(sql, lexer.start() + 1, lexer.end() - lexer.start() - 2, StandardCharsets.ISO_8859_1));
    }

    private static String unescaped(String quoted) {
        return HEXADECIMAL
                .matcher(quoted)
                .replaceAll(
                        match -> Matcher.quoteReplacement(Character.toString(Integer.parseInt(match.group(1), 16))));
    }

    private static boolean isTypographicQuote(byte[] sql, int at) {
        return at + 2 < sql.length
                && sql[at] == TYPOGRAPHIC_QUOTES[0]
                && sql[at + 1] == TYPOGRAPHIC_QUOTES[1]
                && (sql[at + 2] & 0xf8) == 0x98;
    }
}
