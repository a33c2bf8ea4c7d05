package dev.sluice.registry;

import java.io.IOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.security.cert.CertificateException;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;

/** What failures of the network mean here. */
final class Failures {
    private Failures() {}

    /** @param prefix begins the reason */
    static RegistryException of(IOException failure, String prefix, Task task) {
        if (isUntrusted(failure)) {
            return task.protocol(prefix + "its TLS certificate is not trusted: " + reason(failure), failure);
        }
        if (failure instanceof UnknownHostException) {
            return task.unavailable(prefix + "the name of the host could not be resolved", failure);
        }
        return task.unavailable(prefix + reason(failure), failure);
    }

    /** Other failures of a handshake, such as a connection that breaks, may pass. */
    private static boolean isUntrusted(IOException failure) {
        return failure instanceof SSLPeerUnverifiedException
                || (failure instanceof SSLException && failure.getCause() instanceof CertificateException);
    }

    /** Whether a server did not answer a TLS handshake as one that knows TLS does: with something else, by hanging up, or not at all. */
    static boolean isNotTls(IOException failure) {
        return failure instanceof SocketTimeoutException
                || (failure instanceof SSLException && !isUntrusted(failure) && !isAlert(failure));
    }

    /** Who sends an alert speaks TLS. */
    private static boolean isAlert(IOException failure) {
        String message = failure.getMessage();
        return message != null && message.contains("alert");
    }

    /** Whether there was nobody to connect to. */
    static boolean isUnreached(IOException failure) {
        return failure instanceof ConnectException || failure instanceof NoRouteToHostException;
    }

    private static String reason(IOException failure) {
        String message = failure.getMessage();
        return message == null || message.isBlank() ? failure.getClass().getSimpleName() : message;
    }
}
