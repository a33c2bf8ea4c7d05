package dev.sluice.e2e.registry;

import dev.sluice.e2e.host.FreePort;
import dev.sluice.e2e.host.ServiceProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Debian's {@code docker-registry} on a loopback port, over plain HTTP. */
public final class RegistryProcess implements AutoCloseable {

    private final ServiceProcess process;
    private final int port;

    private RegistryProcess(ServiceProcess process, int port) {
        this.process = process;
        this.port = port;
    }

    /** @param directory keeps blobs, configuration and log */
    public static RegistryProcess start(Path directory) throws IOException {
        return start(directory, Map.of());
    }

    /**
     * One that is configured in another way than usual.
     *
     * @param directory keeps blobs, configuration and log; of another one that has ended, too
     * @param overrides variables of its environment such as {@code REGISTRY_STORAGE_DELETE_ENABLED}
     */
    public static RegistryProcess start(Path directory, Map<String, String> overrides) throws IOException {
        Map<String, String> environment = new HashMap<>(overrides);
        environment.put("OTEL_TRACES_EXPORTER", "none");
        Files.createDirectories(directory);
        int port = FreePort.find();
        Path configuration = directory.resolve("config.yml");
        Files.writeString(configuration, """
                version: 0.1
                log:
                  level: info
                  formatter: json
                  accesslog:
                    disabled: true
                storage:
                  filesystem:
                    rootdirectory: %s
                  delete:
                    enabled: true
                http:
                  addr: 127.0.0.1:%d
                  secret: only-for-tests
                """.formatted(directory.resolve("data"), port));
        ServiceProcess process = ServiceProcess.start(
                "docker-registry",
                List.of("docker-registry", "serve", configuration.toString()),
                environment,
                directory.resolve("log"));
        RegistryProcess registry = new RegistryProcess(process, port);
        try {
            process.awaitReady(() -> FreePort.answers(port));
        } catch (IOException e) {
            registry.close();
            throw e;
        }
        return registry;
    }

    public int port() {
        return port;
    }

    /** Host and port as they stand in an image reference. */
    public String address() {
        return "127.0.0.1:" + port;
    }

    /** What was requested so far. A request appears when its response is complete or its connection has ended. */
    public AccessLog accessLog() throws IOException {
        return AccessLog.read(process.log());
    }

    /** Ends it at once, as a crash would. */
    public void kill() throws IOException {
        process.kill();
    }

    @Override
    public void close() throws IOException {
        process.close();
    }
}
