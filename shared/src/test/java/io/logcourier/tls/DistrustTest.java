package io.logcourier.tls;

import static org.assertj.core.api.Assertions.assertThat;

import io.logcourier.ConfigurationException;
import io.logcourier.CourierException;
import io.logcourier.RetryableException;
import java.io.IOException;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.junit.jupiter.api.Test;

class DistrustTest {
    @Test
    void whatIsWrongWithACertificateSaysWhatToMend() {
        assertThat(failure(new CertPathBuilderException("unable to find valid certification path")))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageStartingWith("cannot write: the certificate of the server is refused: unable to find")
                .hasMessageEndingWith("have s3.ca-file name a PEM file with the authority that vouches for it");
        assertThat(failure(new CertPathValidatorException("validity check failed", new CertificateExpiredException())))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageEndingWith("renew the certificate, or set the clock of this machine");
        assertThat(failure(new CertificateException("No name matching store found")))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageEndingWith("use an address with a host that the certificate is made out for");
        assertThat(failure(new SSLPeerUnverifiedException("Certificate for <store> does not match")))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageEndingWith("made out for");
    }

    @Test
    void aHandshakeThatBreaksOffOtherwiseMayWorkTheNextTime() {
        assertThat(failure(new SSLHandshakeException("Remote host terminated the handshake")))
                .isInstanceOf(RetryableException.class);
        assertThat(failure(new SSLException("readHandshakeRecord"))).isInstanceOf(RetryableException.class);
        assertThat(failure(new IOException("Connection refused"))).isInstanceOf(RetryableException.class);
    }

    @Test
    void whatIsWrongWithWhomTheRequestNeededFirstIsToldAsItIs() {
        assertThat(failure(new ConfigurationException("cannot assume a role: sts.ca-file is needed")))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage("cannot write: cannot assume a role: sts.ca-file is needed");
    }

    private static CourierException failure(Exception cause) {
        return Distrust.failure("cannot write", new IOException("Unable to execute HTTP request", cause), "s3.ca-file");
    }
}
