package dev.sluice.containerd;

import com.google.protobuf.Empty;
import dev.sluice.proto.containerd.introspection.IntrospectionGrpc;
import dev.sluice.proto.containerd.introspection.Plugin;
import dev.sluice.proto.containerd.introspection.PluginsRequest;
import dev.sluice.proto.containerd.version.VersionGrpc;
import java.time.Duration;
import java.util.List;

/** What containerd says about itself. Safe for use by many threads. */
public final class Introspection {
    /** Plugins belong to no namespace, but each call names one. */
    private static final String NAMESPACE = "default";

    private final ContainerdClient client;

    Introspection(ContainerdClient client) {
        this.client = client;
    }

    /**
     * Its version, such as {@code v2.4.2} or {@code 1.6.20~ds1}.
     *
     * @throws ContainerdException if containerd does not answer in time or refuses
     */
    public String version(Duration timeout) throws ContainerdException {
        return client.call(
                        "ask for the version",
                        NAMESPACE,
                        timeout,
                        VersionGrpc::newBlockingStub,
                        stub -> stub.version(Empty.getDefaultInstance()).getVersion())
                .orElse("");
    }

    /**
     * The plugins that it has loaded.
     *
     * @param filters see {@link Filters}; every plugin if there is none
     * @throws ContainerdException if containerd does not answer in time or refuses
     */
    public List<LoadedPlugin> plugins(List<String> filters, Duration timeout) throws ContainerdException {
        PluginsRequest request =
                PluginsRequest.newBuilder().addAllFilters(filters).build();
        return client.<IntrospectionGrpc.IntrospectionBlockingStub, List<LoadedPlugin>>call(
                        "list the plugins",
                        NAMESPACE,
                        timeout,
                        IntrospectionGrpc::newBlockingStub,
                        stub -> stub.plugins(request).getPluginsList().stream()
                                .map(Introspection::convert)
                                .toList())
                .orElse(List.of());
    }

    private static LoadedPlugin convert(Plugin plugin) {
        return new LoadedPlugin(plugin.getType(), plugin.getId(), plugin.getExportsMap());
    }
}
