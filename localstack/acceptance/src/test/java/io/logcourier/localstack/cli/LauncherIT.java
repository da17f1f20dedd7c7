package io.logcourier.localstack.cli;

import static java.nio.file.attribute.PosixFilePermissions.asFileAttribute;
import static java.nio.file.attribute.PosixFilePermissions.fromString;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The script {@code courier}, in a folder where everything is built. */
class LauncherIT {
    @TempDir
    private Path folder;

    @Test
    void findsItsJdkThoughJavaHomeAndThePathNameAnOlderOne() throws Exception {
        Path script = Files.copy(Path.of("..", "..", "courier"), folder.resolve("courier"));
        Path target = Files.createDirectories(folder.resolve("localstack").resolve("target"));
        for (String made : new String[] {"classes", "lib"}) {
            Files.createSymbolicLink(
                    target.resolve(made), Path.of("..", "target", made).toAbsolutePath());
        }
        Files.createFile(target.resolve("built"));
        Path old = oldJdk();
        Path home = Files.createDirectories(folder.resolve("home"));
        Path ours = Files.createDirectories(home.resolve(".jdks")).resolve("ours");
        Files.createSymbolicLink(ours, Path.of(System.getProperty("java.home")));

        ProcessBuilder builder = new ProcessBuilder("bash", script.toString(), "--version").redirectErrorStream(true);
        builder.environment().remove("LOG_COURIER_JAVA_HOME");
        builder.environment().put("HOME", home.toString());
        builder.environment().put("JAVA_HOME", old.toString());
        builder.environment().merge("PATH", old.resolve("bin").toString(), (path, bin) -> bin + ":" + path);
        builder.environment().put("LOG_COURIER_LIBCHDB", "not needed for this");
        Process process = builder.start();
        try (var output = process.inputReader()) {
            assertThat(output.readAllAsString()).startsWith("log-courier ");
        }
        assertThat(process.waitFor()).isZero();
    }

    private Path oldJdk() throws IOException {
        Path jdk = Files.createDirectories(folder.resolve("jdk-17"));
        Files.writeString(jdk.resolve("release"), "JAVA_VERSION=\"17.0.1\"\n");
        Path bin = Files.createDirectory(jdk.resolve("bin"));
        for (String program : new String[] {"java", "javac"}) {
            Path file = Files.createFile(bin.resolve(program), asFileAttribute(fromString("rwxr-xr-x")));
            Files.writeString(file, "#!/bin/sh\necho too old\nexit 1\n");
        }
        return jdk;
    }
}
