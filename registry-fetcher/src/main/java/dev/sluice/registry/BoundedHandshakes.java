package dev.sluice.registry;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.time.Duration;
import javax.net.ssl.SSLSocketFactory;

/**
 * Bounds how long a server may stay silent within a handshake: one that knows only plain HTTP may wait for the rest of what it takes
 * for a request. The HTTP library sets the time of the socket anew before each exchange.
 */
final class BoundedHandshakes extends SSLSocketFactory {
    private final SSLSocketFactory factory;
    private final int millis;

    BoundedHandshakes(SSLSocketFactory factory, Duration handshake) {
        this.factory = factory;
        this.millis = Math.toIntExact(Math.max(1, handshake.toMillis()));
    }

    @Override
    public Socket createSocket(Socket socket, String host, int port, boolean autoClose) throws IOException {
        socket.setSoTimeout(millis);
        return factory.createSocket(socket, host, port, autoClose);
    }

    @Override
    public Socket createSocket(String host, int port) throws IOException {
        return factory.createSocket(host, port);
    }

    @Override
    public Socket createSocket(String host, int port, InetAddress local, int localPort) throws IOException {
        return factory.createSocket(host, port, local, localPort);
    }

    @Override
    public Socket createSocket(InetAddress host, int port) throws IOException {
        return factory.createSocket(host, port);
    }

    @Override
    public Socket createSocket(InetAddress host, int port, InetAddress local, int localPort) throws IOException {
        return factory.createSocket(host, port, local, localPort);
    }

    @Override
    public String[] getDefaultCipherSuites() {
        return factory.getDefaultCipherSuites();
    }

    @Override
    public String[] getSupportedCipherSuites() {
        return factory.getSupportedCipherSuites();
    }
}
