package io.logcourier.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.logcourier.localstack.SelfSigned;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.Provider;
import java.security.SecureRandom;
import java.security.Security;
import java.util.HexFormat;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeCryptographyIT {
    private static final String PROVIDER = "AmazonCorrettoCryptoProvider";

    @TempDir
    private Path folder;

    @BeforeEach
    void install() {
        assumeThat(System.getProperty("os.name") + "-" + System.getProperty("os.arch"))
                .as("where there is native cryptography")
                .isIn("Linux-amd64", "Linux-aarch64");
        NativeCryptography.install();
    }

    @AfterEach
    void remove() {
        Security.removeProvider(PROVIDER);
    }

    @Test
    void itStandsBeforeJavasOwnAndDoesTheSame() throws Exception {
        assertThat(Security.getProviders()[0].getName()).isEqualTo(PROVIDER);
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        assertThat(digest.getProvider().getName()).isEqualTo(PROVIDER);
        // FIPS 180-2, appendix B.1.
        assertThat(HexFormat.of().formatHex(digest.digest("abc".getBytes(StandardCharsets.US_ASCII))))
                .isEqualTo("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        Cipher fast = Cipher.getInstance("AES/GCM/NoPadding");
        assertThat(fast.getProvider().getName()).isEqualTo(PROVIDER);
        byte[] text = new byte[100_000];
        new SecureRandom().nextBytes(text);
        SecretKeySpec key = new SecretKeySpec(new byte[16], "AES");
        fast.init(Cipher.ENCRYPT_MODE, key, new GCMParameterSpec(128, new byte[12]));
        Cipher own = Cipher.getInstance("AES/GCM/NoPadding", "SunJCE");
        own.init(Cipher.DECRYPT_MODE, key, new GCMParameterSpec(128, new byte[12]));
        assertThat(own.doFinal(fast.doFinal(text))).isEqualTo(text);
    }

    @Test
    void itIsInstalledOnce() {
        Provider first = Security.getProvider(PROVIDER);

        NativeCryptography.install();

        assertThat(Security.getProvider(PROVIDER)).isSameAs(first);
    }

    @Test
    void aBuildForAnotherProcessorIsNotUsed() {
        String other = System.getProperty("os.arch").equals("amd64") ? "linux-aarch_64" : "linux-x86_64";

        assertThat(NativeCryptography.load(NativeCryptography.class.getResource("/cryptography/" + other + "/")))
                .isEmpty();
    }

    @Test
    void tlsSpeaksThroughIt() throws Exception {
        KeyStore keys = SelfSigned.keys(folder);
        KeyManagerFactory managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        managers.init(keys, SelfSigned.PASSWORD);
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        trusted.setCertificateEntry(SelfSigned.ALIAS, keys.getCertificate(SelfSigned.ALIAS));
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        SSLContext tls = SSLContext.getInstance("TLS");
        tls.init(managers.getKeyManagers(), trust.getTrustManagers(), null);
        byte[] body = new byte[1_000_000];
        new SecureRandom().nextBytes(body);
        HttpsServer server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setHttpsConfigurator(new HttpsConfigurator(tls));
        server.createContext("/", exchange -> {
            try (exchange) {
                byte[] same = exchange.getRequestBody().readAllBytes();
                exchange.sendResponseHeaders(200, same.length);
                exchange.getResponseBody().write(same);
            }
        });
        server.start();
        try (HttpClient client = HttpClient.newBuilder().sslContext(tls).build()) {
            URI uri = URI.create("https://localhost:" + server.getAddress().getPort() + "/");

            assertThat(client.send(
                                    HttpRequest.newBuilder(uri)
                                            .POST(BodyPublishers.ofByteArray(body))
                                            .build(),
                                    BodyHandlers.ofByteArray())
                            .body())
                    .isEqualTo(body);
        } finally {
            server.stop(0);
        }
    }
}
