package io.logcourier.localstack.engine;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
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
 * <p>Only tokens are looked at. So a column may be called {@code file}, but not be followed by a parenthesis.
 */
final class Fence {
    /** In small letters; refused before a parenthesis, behind ENGINE, and behind APPLY. */
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
    private static final Pattern HEXADECIMAL = Pattern.compile("\\\\x(\\p{XDigit}{2})");

    /** U+2018 to U+201F: ClickHouse takes some of them for quotes, which would hide what is between them. */
    private static final byte[] TYPOGRAPHIC_QUOTES = {(byte) 0xe2, (byte) 0x80};

    private Fence() {}

    /** What a statement, or data that may hold expressions, would reach for outside the data folder; empty if nothing. */
    static Optional<String> reached(byte[] sql) {
        Lexer lexer = new Lexer(sql);
        lexer.next();
        String first = lexer.word();
        boolean isBackup = first.equals("BACKUP") || first.equals("RESTORE");
        String before = "";
        String name = "";
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
            lexer.next();
        }
        return Optional.empty();
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
        String quoted =
                new String(sql, lexer.start() + 1, lexer.end() - lexer.start() - 2, StandardCharsets.ISO_8859_1);
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
