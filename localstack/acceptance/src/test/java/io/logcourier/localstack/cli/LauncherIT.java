package io.logcourier.localstack.cli;

import static java.nio.file.attribute.PosixFilePermissions.asFileAttribute;
import static java.nio.file.attribute.PosixFilePermissions.fromString;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The script {@code courier}, and how it builds and fetches the engine, with stand-ins for Maven and npm. */
class LauncherIT {
    private static final Path COURIER = Path.of("..", "..", "courier");

    @TempDir
    private Path folder;

    @Test
    void startedByALinkItFindsItsJdkThoughJavaHomeAndThePathNameAnOlderOne() throws Exception {
        Path script = Files.createSymbolicLink(
                Files.createDirectory(folder.resolve("bin")).resolve("link"), Path.of("..", "courier"));
        Files.copy(COURIER, folder.resolve("courier"));
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

    /** What is under way is said from the first line on, and what a program says only where it failed. */
    @ParameterizedTest
    @CsvSource({
        "echo '[ERROR] Could not transfer artifact a:b'; exit 1, 3, libraries could not be fetched",
        "echo '[ERROR] cannot find symbol'; exit 1, 2, 'the build failed, see above'"
    })
    void aBuildThatFailsSaysWhyAndWhoseFaultItIs(String mvn, int code, String reason) throws Exception {
        Path script = Files.copy(COURIER, folder.resolve("courier"));
        copyEngine();
        program("mvn", mvn);

        Ended ended = run(Map.of("LOG_COURIER_JAVA_HOME", System.getProperty("java.home")), script, "status");

        assertThat(ended.code()).as(ended.output()).isEqualTo(code);
        assertThat(ended.output().lines())
                .satisfiesExactly(
                        line -> assertThat(line).startsWith("courier: 1 of 2: building with Maven"),
                        line -> assertThat(line).startsWith("[ERROR] "),
                        line -> assertThat(line).startsWith("courier: ").contains(reason));
    }

    @ParameterizedTest
    @CsvSource({
        "printf '\\033[31mnpm error ENOTFOUND\\033[0m\\n'; exit 1, 3, could not be fetched",
        "mkdir -p node_modules, 3, holds no libchdb.so"
    })
    void anEngineThatCannotBeFetchedIsAnUnreachableDependency(String npm, int code, String reason) throws Exception {
        program("npm", npm);

        Ended ended = run(Map.of("LOG_COURIER_CACHE", folder.resolve("cache").toString()), copyEngine());

        assertThat(ended.code()).as(ended.output()).isEqualTo(code);
        assertThat(ended.output())
                .startsWith("courier: fetching the embedded ClickHouse ")
                .contains(reason)
                .doesNotContain("\033");
        assertThat(folder.resolve("cache").resolve("engine")).isEmptyDirectory();
    }

    @Test
    void whatIsMissingOnThisMachineIsNamedAsSuch() throws Exception {
        Path install = copyEngine();
        Path programs = Files.createDirectories(folder.resolve("few"));
        for (String name : new String[] {"bash", "dirname", "uname", "sed", "sha256sum", "cut"}) {
            Files.createSymbolicLink(programs.resolve(name), find(name));
        }

        Ended withoutNpm = run(
                Map.of("LOG_COURIER_CACHE", folder.resolve("cache").toString(), "PATH", programs.toString()), install);
        assertThat(withoutNpm.code()).as(withoutNpm.output()).isEqualTo(2);
        assertThat(withoutNpm.output()).startsWith("courier: npm is needed");

        Ended withoutHome = run(Map.of("LOG_COURIER_CACHE", "", "XDG_CACHE_HOME", "", "HOME", ""), install);
        assertThat(withoutHome.code()).as(withoutHome.output()).isEqualTo(2);
        assertThat(withoutHome.output()).startsWith("courier: ").contains("HOME is not set", "LOG_COURIER_CACHE");
    }

    /** How a script ended, and all that it printed. */
    private record Ended(int code, String output) {}

    private Ended run(Map<String, String> environment, Path script, String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of(find("bash").toString(), script.toString()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().merge("PATH", folder.resolve("programs").toString(), (path, first) -> first + ":" + path);
        builder.environment().putAll(environment);
        Process process = builder.start();
        try (var output = process.inputReader()) {
            String all = output.readAllAsString();
            return new Ended(process.waitFor(), all);
        }
    }

    /** The folder of the engine beside the launcher; its script to install it. */
    private Path copyEngine() throws IOException {
        Path engine = Files.createDirectories(folder.resolve("localstack").resolve("engine"));
        for (String name : new String[] {"install", "steps", "package.json", "package-lock.json"}) {
            Files.copy(Path.of("..", "engine", name), engine.resolve(name));
        }
        return engine.resolve("install");
    }

    /** A program that is found before all others. */
    private void program(String name, String script) throws IOException {
        Path programs = Files.createDirectories(folder.resolve("programs"));
        Path file = Files.createFile(programs.resolve(name), asFileAttribute(fromString("rwxr-xr-x")));
        Files.writeString(file, "#!/usr/bin/env bash\n" + script + "\n");
    }

    private static Path find(String program) {
        return Stream.of(System.getenv("PATH").split(":"))
                .map(folder -> Path.of(folder, program))
                .filter(Files::isExecutable)
                .findFirst()
                .orElseThrow();
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
