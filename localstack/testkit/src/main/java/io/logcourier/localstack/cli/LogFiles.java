package io.logcourier.localstack.cli;

import static java.util.function.Predicate.not;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** What lies in the folder of the laptop's S3, read as files, without the help of anything that is tested. */
final class LogFiles {
    /** The request id's, where the time in brackets counts as two. */
    private static final int REQUEST_ID = 6;

    private LogFiles() {}

    /** All files in it; none where it is not there yet. */
    static List<Path> files(Path folder) {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(Files::isRegularFile).sorted().toList();
        } catch (IOException | UncheckedIOException e) {
            // A file was renamed while we looked.
            return List.of();
        }
    }

    /** All lines of all files, bytes as chars. */
    static List<String> lines(Path folder) {
        return files(folder).stream()
                .flatMap(file -> text(file).lines())
                .filter(not(String::isEmpty))
                .toList();
    }

    /** The request ids of all lines. */
    static List<String> requestIds(Path folder) {
        return lines(folder).stream()
                .map(line -> line.split(" ", REQUEST_ID + 2)[REQUEST_ID])
                .toList();
    }

    private static String text(Path file) {
        try {
            return Files.readString(file, StandardCharsets.ISO_8859_1);
        } catch (NoSuchFileException e) {
            return "";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
