package io.logcourier.localstack.engine;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Finds libchdb.so where {@code localstack/engine/install} puts it, which names the folder in the same way. */
final class EngineLibrary {
    private static final String OVERRIDE = "LOG_COURIER_LIBCHDB";
    private static final String SCOPE = "@chdb/";
    private static final Pattern VERSION = Pattern.compile('"' + SCOPE + "[a-z0-9-]+\": \"([^\"]+)\"");

    /** By operating system and processor, as the JVM calls them. */
    private static final Map<String, String> PACKAGES = Map.of(
            "Linux amd64", "lib-linux-x64-gnu",
            "Linux aarch64", "lib-linux-arm64-gnu",
            "Mac OS X aarch64", "lib-darwin-arm64",
            "Mac OS X x86_64", "lib-darwin-x64");

    private EngineLibrary() {}

    /**
     * The library's file: what the system property or environment variable {@code LOG_COURIER_LIBCHDB} names, else the
     * installed one.
     *
     * @throws EngineUnavailableException if it is not there, with what to do about it
     */
    static Path locate() {
        String override = System.getProperty(OVERRIDE, System.getenv(OVERRIDE));
        Path library = override != null ? Path.of(override) : installed();
        if (!Files.isRegularFile(library)) {
            throw new EngineUnavailableException("The embedded ClickHouse is not installed: no libchdb at " + library
                    + (override != null
                            ? ", which " + OVERRIDE + " names"
                            : "; run localstack/engine/install, or set " + OVERRIDE + " to a libchdb.so"));
        }
        return library;
    }

    private static Path installed() {
        byte[] lock = lockFile();
        String folder = version(lock) + "-" + sha256(lock).substring(0, 12);
        return cache().resolve("engine")
                .resolve(folder)
                .resolve("node_modules")
                .resolve(SCOPE + lockedPackage(lock, System.getProperty("os.name"), System.getProperty("os.arch")))
                .resolve("libchdb.so");
    }

    /**
     * The package for a platform.
     *
     * @throws EngineUnavailableException if none is locked, with what to do about it
     */
    static String lockedPackage(byte[] lock, String system, String processor) {
        String name = PACKAGES.get(system + " " + processor);
        if (name == null || !new String(lock, StandardCharsets.UTF_8).contains('"' + SCOPE + name + '"')) {
            throw new EngineUnavailableException("No embedded ClickHouse is locked for " + system + " " + processor
                    + ": run the image instead, as README.md says (docker run ... demo), or name a libchdb of your own in "
                    + OVERRIDE);
        }
        return name;
    }

    /** Of libchdb, as locked. */
    static String version() {
        return version(lockFile());
    }

    private static String version(byte[] lock) {
        Matcher version = VERSION.matcher(new String(lock, StandardCharsets.UTF_8));
        if (!version.find()) {
            throw new IllegalStateException("package-lock.json names no package of " + SCOPE);
        }
        return version.group(1);
    }

    private static Path cache() {
        String own = System.getenv("LOG_COURIER_CACHE");
        if (own != null && !own.isEmpty()) {
            return Path.of(own);
        }
        String caches = System.getenv("XDG_CACHE_HOME");
        Path parent = caches != null && !caches.isEmpty()
                ? Path.of(caches)
                : Path.of(System.getProperty("user.home"), ".cache");
        return parent.resolve("log-courier");
    }

    private static byte[] lockFile() {
        try (InputStream resource = EngineLibrary.class.getResourceAsStream("package-lock.json")) {
            if (resource == null) {
                throw new IllegalStateException("package-lock.json is missing beside " + EngineLibrary.class.getName());
            }
            return resource.readAllBytes();
        } catch (IOException e) {
            throw new IllegalStateException("Cannot read the packaged package-lock.json", e);
        }
    }

    private static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every JDK has SHA-256", e);
        }
    }
}
