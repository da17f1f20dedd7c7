package io.logcourier.localstack.engine;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.Set;

/**
 * What the front must know of a statement's text before it hands it to the engine: whether data follows it, where that
 * begins, and which format the text asks for. After ClickHouse's {@code ParserInsertQuery}; only tokens are looked at,
 * all else is the engine's to judge.
 */
final class Statement {
    private static final Set<String> INSERT_FROM_QUERY = Set.of("SELECT", "WITH", "WATCH", "FROM");

    private final byte[] sql;
    private final boolean select;
    private final boolean intoFile;
    private final boolean fromInput;
    private final String format;
    private final int dataStart;

    private Statement(byte[] sql, boolean select, boolean intoFile, boolean fromInput, String format, int dataStart) {
        this.sql = sql;
        this.select = select;
        this.intoFile = intoFile;
        this.fromInput = fromInput;
        this.format = format;
        this.dataStart = dataStart;
    }

    /** Reads the beginning of a text that may go on with data. */
    static Statement parse(byte[] text) {
        return new Lexer(text).statement();
    }

    /** The statement; of an INSERT with data, without its FORMAT clause, and SETTINGS from behind that before it. */
    byte[] sql() {
        return sql;
    }

    /** Whether it begins as a SELECT does: only those does libchdb stream, it says nothing to a streamed SHOW. */
    boolean isSelect() {
        return select;
    }

    /** Whether it has INTO OUTFILE, which is for ClickHouse's own client to obey and not for a server. */
    boolean isIntoFile() {
        return intoFile;
    }

    /** Whether it reads the data behind it by the table function {@code input}, which libchdb does not do. */
    boolean isFromInput() {
        return fromInput;
    }

    /** Whether there is nothing but blanks and comments, which libchdb takes for a statement. */
    boolean isEmpty() {
        return new Lexer(sql).isEmpty();
    }

    /** What the FORMAT clause names, {@code Values} after VALUES, or empty where there is none. */
    String format() {
        return format;
    }

    boolean hasData() {
        return dataStart >= 0;
    }

    /** Where in the text the data begins. */
    int dataStart() {
        return dataStart;
    }

    private static final class Lexer {
        private final byte[] text;
        /** The current token: its bytes, and in capitals where it is a bare word. It is empty at the end. */
        private int start;

        private int end;
        private String word = "";

        Lexer(byte[] text) {
            this.text = text;
        }

        boolean isEmpty() {
            next();
            return atEnd();
        }

        Statement statement() {
            next();
            if (word.equals("INSERT")) {
                return insert();
            }
            while (is('(')) {
                next();
            }
            boolean select = word.equals("SELECT") || word.equals("WITH");
            start = 0;
            end = 0;
            next();
            return query(select);
        }

        private Statement query(boolean select) {
            String format = "";
            String candidate = "";
            boolean afterFormat = false;
            boolean afterInto = false;
            boolean intoFile = false;
            boolean afterFrom = false;
            boolean afterFromInput = false;
            boolean fromInput = false;
            int depth = 0;
            while (!atEnd()) {
                depth += depthChange();
                if (is(';') || word.equals("SETTINGS") || word.equals("INTO")) {
                    format = candidate.isEmpty() ? format : candidate;
                }
                intoFile |= afterInto && word.equals("OUTFILE");
                afterInto = word.equals("INTO");
                fromInput |= afterFromInput && is('(');
                afterFromInput = afterFrom && word.equals("INPUT");
                afterFrom = word.equals("FROM");
                candidate = afterFormat && !word.isEmpty() ? text() : "";
                afterFormat = depth == 0 && word.equals("FORMAT");
                next();
            }
            format = candidate.isEmpty() ? format : candidate;
            return new Statement(text, select, intoFile, fromInput, format, -1);
        }

        private Statement insert() {
            next();
            skipWord("INTO");
            skipWord("TABLE");
            skipWord("FUNCTION");
            skipName();
            while (!atEnd()) {
                if (word.equals("VALUES")) {
                    return new Statement(Arrays.copyOf(text, start), false, false, false, "Values", end);
                }
                if (word.equals("FORMAT")) {
                    return insertWithFormat();
                }
                if (INSERT_FROM_QUERY.contains(word)) {
                    return query(false);
                }
                if (is('(')) {
                    next();
                    if (INSERT_FROM_QUERY.contains(word)) {
                        return query(false);
                    }
                    skipParenthesis();
                } else {
                    next();
                }
            }
            return new Statement(text, false, false, false, "", -1);
        }

        private Statement insertWithFormat() {
            byte[] sql = Arrays.copyOf(text, start);
            next();
            String format = text();
            int data = end;
            next();
            if (word.equals("SETTINGS")) {
                int settings = start;
                data = skipSettings();
                int length = data - settings;
                byte[] moved = Arrays.copyOf(sql, sql.length + length);
                System.arraycopy(text, settings, moved, sql.length, length);
                sql = moved;
            }
            return new Statement(sql, false, false, false, format, afterLine(data));
        }

        /** {@code SETTINGS name = literal, ...}: where the last literal ends. */
        private int skipSettings() {
            int last;
            do {
                next();
                next();
                next();
                last = end;
                next();
            } while (is(','));
            return last;
        }

        /** Data begins after the first newline, if only blanks stand before it, else with the first that is no blank. */
        private int afterLine(int from) {
            int i = from;
            while (i < text.length && (text[i] == ' ' || text[i] == '\t' || text[i] == '\f')) {
                i++;
            }
            if (i < text.length && text[i] == '\r') {
                i++;
            }
            if (i < text.length && text[i] == '\n') {
                i++;
            }
            return i;
        }

        private void skipWord(String expected) {
            if (word.equals(expected)) {
                next();
            }
        }

        /** The table's name, which may be a keyword, and of several parts. */
        private void skipName() {
            next();
            while (is('.')) {
                next();
                next();
            }
        }

        /** From behind an opening parenthesis to behind its closing one. */
        private void skipParenthesis() {
            int depth = 1;
            while (!atEnd() && depth > 0) {
                depth += depthChange();
                next();
            }
        }

        private int depthChange() {
            return is('(') ? 1 : is(')') ? -1 : 0;
        }

        private boolean atEnd() {
            return start >= text.length;
        }

        private boolean is(char symbol) {
            return end == start + 1 && text[start] == symbol;
        }

        private String text() {
            return new String(text, start, end - start, StandardCharsets.UTF_8);
        }

        private void next() {
            start = skipBlanks(end);
            end = start;
            word = "";
            if (start >= text.length) {
                return;
            }
            byte first = text[start];
            if (first == '\'' || first == '"' || first == '`') {
                end = afterQuote(start);
            } else if (isWordByte(first)) {
                while (end < text.length && isWordByte(text[end])) {
                    end++;
                }
                word = text().toUpperCase(Locale.ROOT);
            } else {
                end++;
            }
        }

        private int skipBlanks(int from) {
            int i = from;
            while (i < text.length) {
                if (text[i] == ' ' || (text[i] >= '\t' && text[i] <= '\r')) {
                    i++;
                } else if (startsWith(i, "--") || startsWith(i, "# ") || startsWith(i, "#!")) {
                    while (i < text.length && text[i] != '\n') {
                        i++;
                    }
                } else if (startsWith(i, "/*")) {
                    i += 2;
                    while (i < text.length && !startsWith(i, "*/")) {
                        i++;
                    }
                    i = Math.min(i + 2, text.length);
                } else {
                    return i;
                }
            }
            return i;
        }

        /** A doubled quote is left to look like two strings, which comes to the same. */
        private int afterQuote(int from) {
            int i = from + 1;
            while (i < text.length && text[i] != text[from]) {
                i += text[i] == '\\' ? 2 : 1;
            }
            return Math.min(i + 1, text.length);
        }

        private boolean startsWith(int from, String symbols) {
            for (int i = 0; i < symbols.length(); i++) {
                if (from + i >= text.length || text[from + i] != symbols.charAt(i)) {
                    return false;
                }
            }
            return true;
        }

        private static boolean isWordByte(byte b) {
            return (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') || (b >= '0' && b <= '9') || b == '_' || b == '$';
        }
    }
}
