package io.logcourier.tls;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import software.amazon.awssdk.core.client.builder.SdkSyncClientBuilder;
import software.amazon.awssdk.http.apache5.Apache5HttpClient;

/** The certificates of a PEM file, as the only ones that a client takes as authorities. */
public final class Authority {
    private Authority() {}

    /**
     * Reads a PEM file.
     *
     * @return its certificates, at least one
     * @throws IllegalArgumentException with what was expected, if it cannot be read or holds none
     */
    public static List<X509Certificate> read(Path file) {
        try (InputStream pem = Files.newInputStream(file)) {
            List<X509Certificate> certificates =
                    CertificateFactory.getInstance("X.509").generateCertificates(pem).stream()
                            .map(X509Certificate.class::cast)
                            .toList();
            if (certificates.isEmpty()) {
                throw new IllegalArgumentException("a PEM file with a certificate is needed, it has none");
            }
            return certificates;
        } catch (IOException e) {
            throw new IllegalArgumentException("a file that can be read is needed", e);
        } catch (CertificateException e) {
            throw new IllegalArgumentException("a PEM file with certificates is needed: " + e.getMessage(), e);
        }
    }

    /**
     * Has a client of the AWS SDK trust the authorities of {@code file} alone; without one, those that Java knows.
     *
     * @throws IllegalArgumentException if the file holds no certificate
     */
    public static void trust(SdkSyncClientBuilder<?, ?> client, Optional<Path> file) {
        file.map(Authority::trusting)
                .ifPresent(managers ->
                        client.httpClientBuilder(Apache5HttpClient.builder().tlsTrustManagersProvider(() -> managers)));
    }

    private static TrustManager[] trusting(Path file) {
        try {
            KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
            store.load(null, null);
            int number = 0;
            for (X509Certificate certificate : read(file)) {
                store.setCertificateEntry(Integer.toString(number++), certificate);
            }
            TrustManagerFactory managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            managers.init(store);
            return managers.getTrustManagers();
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException("this Java keeps no certificates", e);
        }
    }
}
