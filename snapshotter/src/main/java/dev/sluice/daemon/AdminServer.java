package dev.sluice.daemon;

import dev.sluice.snapshot.SnapshotServer;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import java.io.Closeable;
import java.io.IOException;
import java.net.InetSocketAddress;

/** Serves the admin service: on a unix socket for root, or on a loopback port where it only reads. */
final class AdminServer {
    private AdminServer() {}

    /**
     * Starts to serve.
     *
     * @param service all of it on a unix socket; on a loopback port, which every user of this machine reaches, without the calls
     *     that change something
     */
    static Closeable start(AdminAddress address, AdminService service) throws IOException {
        if (address instanceof AdminAddress.UnixSocket unix) {
            return SnapshotServer.start(unix.path(), service);
        }
        AdminAddress.Loopback loopback = (AdminAddress.Loopback) address;
        Server server = NettyServerBuilder.forAddress(new InetSocketAddress(loopback.host(), loopback.port()))
                .addService(service.readOnly())
                .build()
                .start();
        return server::shutdownNow;
    }
}
