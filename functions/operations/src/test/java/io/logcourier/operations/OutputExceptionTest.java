package io.logcourier.operations;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.logcourier.logging.Plain;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OutputExceptionTest {
    /** Takes what is printed, and says at the end that nobody has read it. */
    private static Writer failing(String message) {
        return new Writer() {
            @Override
            public void write(char[] text, int offset, int length) {}

            @Override
            public void flush() throws IOException {
                throw new IOException(message);
            }

            @Override
            public void close() {}
        };
    }

    @ParameterizedTest
    @CsvSource({"Broken pipe, true", "No space left on device, false"})
    void whatNobodyTakesIsNotPrintedInSilence(String message, boolean isClosedPipe) {
        PrintWriter out = Plain.writer(OutputException.raising(failing(message)));
        assertThatExceptionOfType(OutputException.class)
                .isThrownBy(() -> out.println("{}"))
                .withMessage("cannot write to stdout: " + message)
                .satisfies(failure -> assertThat(failure.isClosedPipe()).isEqualTo(isClosedPipe));
    }
}
