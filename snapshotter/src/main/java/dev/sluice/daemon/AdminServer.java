package dev.sluice.daemon;

import dev.sluice.daemon.http.FrontDoor;
import dev.sluice.daemon.http.Page;
import dev.sluice.snapshot.SocketFile;
import io.grpc.BindableService;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import java.io.Closeable;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;

/** Serves the admin service, health and pages: on a unix socket for root, or on a loopback port where it only reads. */
final class AdminServer {
    private AdminServer() {}

    /**
     * Starts to serve.
     *
     * @param service all of it on a unix socket; on a loopback port, which every user of this machine reaches, without the calls
     *     that change something
     * @param pages by their paths
     */
    static Closeable start(AdminAddress address, AdminService service, BindableService health, Map<String, Page> pages)
            throws IOException {
        if (address instanceof AdminAddress.UnixSocket unix) {
            return onSocket(unix, List.of(service, health), pages);
        }
        AdminAddress.Loopback loopback = (AdminAddress.Loopback) address;
        return FrontDoor.open(
                new InetSocketAddress(loopback.host(), loopback.port()),
                NioServerSocketChannel.class,
                List.of(service.readOnly(), health),
                pages);
    }

    private static Closeable onSocket(
            AdminAddress.UnixSocket address, List<BindableService> services, Map<String, Page> pages)
            throws IOException {
        SocketFile socket = SocketFile.reserve(address.path());
        try {
            FrontDoor door = FrontDoor.open(socket.unborn(), NioServerDomainSocketChannel.class, services, pages);
            try {
                socket.publish();
            } catch (IOException e) {
                door.close();
                throw e;
            }
            return () -> {
                socket.close();
                door.close();
            };
        } catch (IOException e) {
            socket.close();
            throw new IOException("Tried to listen on " + address + " but failed because: " + e.getMessage(), e);
        }
    }
}
