package io.logcourier.localstack.engine;

import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** Cuts a statement's text into tokens, as ClickHouse does; comments and blanks are none. One is current, none at first. */
final class Lexer {
    private final byte[] text;
    private int start;
    private int end;
    private String word = "";

    Lexer(byte[] text) {
        this.text = text;
    }

    /** Goes back to before the first token. */
    void restart() {
        start = 0;
        end = 0;
        word = "";
    }

    /** Where the current token begins. */
    int start() {
        return start;
    }

    /** Where it ends, which is where it begins if the text is at its end. */
    int end() {
        return end;
    }

    /** It in capitals, if it is a bare word, else empty. */
    String word() {
        return word;
    }

    boolean atEnd() {
        return start >= text.length;
    }

    boolean is(char symbol) {
        return end == start + 1 && text[start] == symbol;
    }

    String text() {
        return new String(text, start, end - start, StandardCharsets.UTF_8);
    }

    void next() {
        start = skipBlanks(end);
        end = start;
        word = "";
        if (start >= text.length) {
            return;
        }
        byte first = text[start];
        if (first == '\'' || first == '"' || first == '`') {
            end = afterQuote(start);
        } else if (first == '$' && afterHeredoc(start) > start) {
            end = afterHeredoc(start);
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

    /** Behind {@code $tag$ ... $tag$}, or {@code from} if there is none. */
    private int afterHeredoc(int from) {
        int i = from + 1;
        while (i < text.length && isWordByte(text[i]) && text[i] != '$') {
            i++;
        }
        if (i >= text.length || text[i] != '$') {
            return from;
        }
        String tag = new String(text, from, i + 1 - from, StandardCharsets.ISO_8859_1);
        for (i++; i < text.length; i++) {
            if (startsWith(i, tag)) {
                return i + tag.length();
            }
        }
        return from;
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
