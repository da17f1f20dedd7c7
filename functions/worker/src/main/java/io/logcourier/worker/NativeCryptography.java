package io.logcourier.worker;

import java.net.URL;
import java.net.URLClassLoader;
import java.security.Provider;
import java.security.Security;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * AES for TLS and SHA-256 for signatures in native code: Amazon Corretto Crypto Provider, a build for each kind of processor
 * beside this class. Java's own uses the processor's instructions only in what the JIT's second compiler has compiled, which
 * takes a while, and on Lambda never happens unless it is switched on. Thread-safe.
 */
final class NativeCryptography {
    private static final Logger log = LoggerFactory.getLogger(NativeCryptography.class);
    private static final String PROVIDER = "AmazonCorrettoCryptoProvider";

    private NativeCryptography() {}

    /**
     * Puts it before Java's own, for the whole process; once. Where it does not run, Java's own is used, which does the same,
     * and a warning says what it costs.
     */
    static synchronized void install() {
        if (Security.getProvider(PROVIDER) != null) {
            return;
        }
        String system = "linux-"
                + System.getProperty("os.arch").replace("amd64", "x86_64").replace("aarch64", "aarch_64");
        Optional<Provider> provider = Optional.ofNullable(
                        NativeCryptography.class.getResource("/cryptography/" + system + "/"))
                .flatMap(NativeCryptography::load);
        if (provider.isPresent()) {
            Security.insertProviderAt(provider.get(), 1);
        } else {
            log.warn(
                    "no native cryptography for {} {}: without the JIT's second compiler (-XX:TieredStopAtLevel=4) TLS runs at some"
                            + " 20 MB/s",
                    System.getProperty("os.name"),
                    system);
        }
    }

    /** Its classes must find the library of their own build, so they get a loader, which lives as long as the process. */
    static Optional<Provider> load(URL folder) {
        URLClassLoader own = new URLClassLoader(new URL[] {folder}, ClassLoader.getPlatformClassLoader());
        try {
            return ServiceLoader.load(Provider.class, own).stream()
                    .filter(found -> found.type().getClassLoader() == own)
                    .map(ServiceLoader.Provider::get)
                    // One whose library cannot be loaded has no services.
                    .filter(loaded -> loaded.getService("MessageDigest", "SHA-256") != null)
                    .findFirst();
        } catch (ServiceConfigurationError e) {
            log.warn("native cryptography in {} cannot be loaded", folder, e);
            return Optional.empty();
        }
    }
}
