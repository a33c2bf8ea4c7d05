package dev.sluice.daemon;

import dev.sluice.daemon.metrics.HealthPages;
import dev.sluice.daemon.metrics.HealthService;
import dev.sluice.daemon.metrics.MetricsPage;
import dev.sluice.daemon.metrics.Readiness;
import dev.sluice.daemon.metrics.SluiceMetrics;
import dev.sluice.linux.Linux;
import dev.sluice.ondemand.keeper.NotifySocket;
import dev.sluice.proto.admin.v1.AdminGrpc;
import dev.sluice.proto.containerd.snapshots.SnapshotsGrpc;
import dev.sluice.snapshot.SnapshotServer;
import dev.sluice.snapshot.SnapshotsService;
import java.io.IOException;
import java.time.Clock;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The running daemon: the snapshots service on its socket, the admin service on its address. */
public final class Daemon implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Daemon.class);

    /** By the names that gRPC's health protocol knows them by. */
    private static final Set<String> SERVICES = Set.of(SnapshotsGrpc.SERVICE_NAME, AdminGrpc.SERVICE_NAME);

    private final Closing closing;
    private final Optional<NotifySocket> manager;

    private Daemon(Closing closing, Optional<NotifySocket> manager) {
        this.closing = closing;
        this.manager = manager;
    }

    /**
     * Starts everything and returns when both sockets accept calls.
     *
     * @throws IOException if something of it cannot be had; nothing stays behind
     */
    public static Daemon start(Config config) throws IOException {
        Closing closing = new Closing();
        try {
            Linux linux = Linux.load();
            Optional<NotifySocket> manager = NotifySocket.of(linux, System.getenv());
            LayerRuntime runtime = closing.add(LayerRuntime.start(config, config.keeper(), linux));
            Readiness readiness = RuntimeHealth.of(config, runtime);
            HealthService health = new HealthService(readiness, SERVICES);
            closing.add(SnapshotServer.start(config.address(), new SnapshotsService(runtime.snapshots()), health));
            if (config.credentials().uses(CredentialSourceName.CRI)) {
                closing.add(CriServer.start(
                        config.credentials().criAddress(),
                        config.containerd(),
                        runtime.credentials().pulled()));
                log.info("calls to {} are passed on to {}", config.credentials().criAddress(), config.containerd());
            }
            runtime.restore();
            closing.add(FirstCleanup.start(runtime.snapshots()));
            closing.add(AdminServer.start(
                    config.admin(),
                    new AdminService(
                            config,
                            runtime.backend().name(),
                            runtime.keeper(),
                            Clock.systemUTC().instant(),
                            runtime.layers(),
                            runtime.imageMounts(),
                            runtime.credentials()),
                    health,
                    Map.of(
                            "/metrics",
                            new MetricsPage(new SluiceMetrics(new RuntimeMetrics(runtime))),
                            "/healthz",
                            HealthPages.of(readiness::alive),
                            "/readyz",
                            HealthPages.of(readiness::ready))));
            new AdminAddressFile(config.root()).write(config.admin());
            log.info(
                    "sluice {} serves {} with backend {}, keeper {}, root {}, admin {}",
                    Version.current(),
                    config.address(),
                    runtime.backend().name(),
                    runtime.keeper(),
                    config.root(),
                    config.admin());
            if (manager.isPresent()) {
                manager.get().ready();
            }
            return new Daemon(closing, manager);
        } catch (IOException | RuntimeException e) {
            closing.closeAfter(e);
            throw e;
        }
    }

    /** Runs until SIGTERM or SIGINT, then stops in good order: calls first, data synced last. */
    public static void run(Config config) throws IOException, InterruptedException {
        try (ShutdownSignal signal = ShutdownSignal.listen();
                Daemon daemon = start(config)) {
            signal.await();
            log.info("stopping");
        }
    }

    @Override
    public void close() throws IOException {
        try {
            if (manager.isPresent()) {
                manager.get().stopping();
            }
        } catch (IOException e) {
            log.warn("Tried to say that we stop but failed because: {}", e.getMessage());
        }
        closing.close();
    }
}
