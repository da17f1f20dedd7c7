package io.logcourier.operations;

import java.io.FilterWriter;
import java.io.IOException;
import java.io.Writer;

/** Nobody takes the output any more, so a command has nothing left to do. A {@link java.io.PrintWriter} would not tell. */
public final class OutputException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private OutputException(IOException cause) {
        super("cannot write to stdout: " + cause.getMessage(), cause);
    }

    /** Whether who read the output has gone, as {@code head} does, and not that a disk is full. */
    public boolean isClosedPipe() {
        return String.valueOf(getCause().getMessage()).contains("Broken pipe");
    }

    /** A writer that throws this exception where {@code out} fails. */
    public static Writer raising(Writer out) {
        return new Raising(out);
    }

    private static final class Raising extends FilterWriter {
        Raising(Writer out) {
            super(out);
        }

        @Override
        public void write(int c) {
            write(Character.toString(c), 0, 1);
        }

        @Override
        public void write(char[] text, int offset, int length) {
            write(new String(text, offset, length), 0, length);
        }

        @Override
        public void write(String text, int offset, int length) {
            try {
                out.write(text, offset, length);
            } catch (IOException e) {
                throw new OutputException(e);
            }
        }

        @Override
        public void flush() {
            try {
                out.flush();
            } catch (IOException e) {
                throw new OutputException(e);
            }
        }
    }
}
