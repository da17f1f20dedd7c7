package io.logcourier.localstack.engine;

import java.util.Arrays;
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
        return new Parser(text).statement();
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
        Lexer lexer = new Lexer(sql);
        lexer.next();
        return lexer.atEnd();
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

    private static final class Parser {
        private final byte[] text;
        private final Lexer lexer;

        Parser(byte[] text) {
            this.text = text;
            this.lexer = new Lexer(text);
        }

        Statement statement() {
            lexer.next();
            if (lexer.word().equals("INSERT")) {
                return insert();
            }
            while (lexer.is('(')) {
                lexer.next();
            }
            boolean select = lexer.word().equals("SELECT") || lexer.word().equals("WITH");
            lexer.restart();
            lexer.next();
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
            while (!lexer.atEnd()) {
                depth += depthChange();
                if (lexer.is(';')
                        || lexer.word().equals("SETTINGS")
                        || lexer.word().equals("INTO")) {
                    format = candidate.isEmpty() ? format : candidate;
                }
                intoFile |= afterInto && lexer.word().equals("OUTFILE");
                afterInto = lexer.word().equals("INTO");
                fromInput |= afterFromInput && lexer.is('(');
                afterFromInput = afterFrom && lexer.word().equals("INPUT");
                afterFrom = lexer.word().equals("FROM");
                candidate = afterFormat && !lexer.word().isEmpty() ? lexer.text() : "";
                afterFormat = depth == 0 && lexer.word().equals("FORMAT");
                lexer.next();
            }
            format = candidate.isEmpty() ? format : candidate;
            return new Statement(text, select, intoFile, fromInput, format, -1);
        }

        private Statement insert() {
            lexer.next();
            skipWord("INTO");
            skipWord("TABLE");
            skipWord("FUNCTION");
            skipName();
            while (!lexer.atEnd()) {
                if (lexer.word().equals("VALUES")) {
                    return new Statement(
                            Arrays.copyOf(text, lexer.start()), false, false, false, "Values", lexer.end());
                }
                if (lexer.word().equals("FORMAT")) {
                    return insertWithFormat();
                }
                if (INSERT_FROM_QUERY.contains(lexer.word())) {
                    return query(false);
                }
                if (lexer.is('(')) {
                    lexer.next();
                    if (INSERT_FROM_QUERY.contains(lexer.word())) {
                        return query(false);
                    }
                    skipParenthesis();
                } else {
                    lexer.next();
                }
            }
            return new Statement(text, false, false, false, "", -1);
        }

        private Statement insertWithFormat() {
            byte[] sql = Arrays.copyOf(text, lexer.start());
            lexer.next();
            String format = lexer.text();
            int data = lexer.end();
            lexer.next();
            if (lexer.word().equals("SETTINGS")) {
                int settings = lexer.start();
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
                lexer.next();
                lexer.next();
                lexer.next();
                last = lexer.end();
                lexer.next();
            } while (lexer.is(','));
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
            if (lexer.word().equals(expected)) {
                lexer.next();
            }
        }

        /** The table's name, which may be a keyword, and of several parts. */
        private void skipName() {
            lexer.next();
            while (lexer.is('.')) {
                lexer.next();
                lexer.next();
            }
        }

        /** From behind an opening parenthesis to behind its closing one. */
        private void skipParenthesis() {
            int depth = 1;
            while (!lexer.atEnd() && depth > 0) {
                depth += depthChange();
                lexer.next();
            }
        }

        private int depthChange() {
            return lexer.is('(') ? 1 : lexer.is(')') ? -1 : 0;
        }
    }
}
