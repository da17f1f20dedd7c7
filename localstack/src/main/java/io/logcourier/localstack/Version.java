package io.logcourier.localstack;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine.IVersionProvider;

/** The version of log-courier, as the build has it. */
public final class Version implements IVersionProvider {
    /** Such as 0.1.0-SNAPSHOT. */
    public static String ours() {
        try (InputStream text = Version.class.getResourceAsStream("version.txt")) {
            return new String(text.readAllBytes(), StandardCharsets.US_ASCII).strip();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What {@code courier --version} prints. */
    @Override
    public String[] getVersion() {
        return new String[] {"log-courier " + ours()};
    }
}
