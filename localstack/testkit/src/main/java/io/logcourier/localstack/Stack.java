package io.logcourier.localstack;

import io.logcourier.localstack.LaptopStack.Layout;
import io.logcourier.localstack.door.Keys;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.commons.io.FileUtils;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;

/** A stack for all tests of a class; the installations on it are closed after each test. */
public final class Stack implements BeforeAllCallback, AfterEachCallback, AfterAllCallback {
    /** Of every stack of the tests: those that know of it, such as other lanes, are made before or beside it. */
    public static final Keys KEYS = new Keys("default", "", "log-courier-tests", "known-to-all-tests");

    /** For S3 and SQS. */
    public static final AwsBasicCredentials CREDENTIALS = KEYS.aws();

    private final List<Installation> installations = new ArrayList<>();
    private Path folder;
    private LaptopStack stack;

    @Override
    public void beforeAll(ExtensionContext context) throws IOException {
        folder = Files.createTempDirectory("stack");
        stack = start(Layout.of(Optional.of(folder)), Map.of());
    }

    /** Starts a stack that lets {@link #KEYS} in. */
    public static LaptopStack start(Layout layout, Map<String, String> flags) throws IOException {
        return LaptopStack.start(layout, flags, System.getenv(), Map.of(), KEYS);
    }

    /** The folder that holds a folder per bucket. */
    public Path objects() {
        return stack.objects().orElseThrow();
    }

    /** A new installation; {@code flags} are settings that differ. */
    public Installation installation(Map<String, String> flags) {
        Installation installation = Installation.on(stack, flags);
        installations.add(installation);
        return installation;
    }

    /** A new installation on another ClickHouse than the stack's. */
    public Installation installation(URI clickHouse) {
        return installation(clickHouse, Map.of());
    }

    /** A new installation on another ClickHouse than the stack's; {@code flags} are settings that differ. */
    public Installation installation(URI clickHouse, Map<String, String> flags) {
        Installation installation = Installation.on(stack, clickHouse, flags);
        installations.add(installation);
        return installation;
    }

    /** A new installation. */
    public Installation installation() {
        return installation(Map.of());
    }

    @Override
    public void afterEach(ExtensionContext context) {
        installations.forEach(Installation::close);
        installations.clear();
    }

    @Override
    public void afterAll(ExtensionContext context) throws IOException {
        stack.close();
        FileUtils.deleteDirectory(folder.toFile());
    }
}
