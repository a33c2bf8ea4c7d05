package dev.sluice.daemon;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.sluice.ondemand.cachefiles.CullLimits;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** Makes a {@link Config} from a TOML file and command line options. */
public final class ConfigLoader {

    private ConfigLoader() {}

    /**
     * Reads a configuration. What the file does not say keeps its default, and options override both.
     *
     * @param file empty for none
     * @param options values by key, as text: {@code root} to {@code /srv/sluice}; keys that are no key of the file are a bug
     * @throws InvalidConfigException if the file cannot be read, or anything in it or in the options is wrong
     */
    public static Config load(Optional<Path> file, Map<String, String> options) throws InvalidConfigException {
        Map<String, Value> values = new LinkedHashMap<>();
        if (file.isPresent()) {
            values.putAll(read(file.get()));
        }
        options.forEach((name, text) -> {
            if (ConfigKeys.ALL.stream().noneMatch(key -> key.name().equals(name))) {
                throw new IllegalArgumentException("no key " + name);
            }
            values.put(name, new Value("--" + name.replace('_', '-'), JsonNodeFactory.instance.textNode(text)));
        });
        return config(file, new Values(values));
    }

    static Config defaults() {
        try {
            return load(Optional.empty(), Map.of());
        } catch (InvalidConfigException e) {
            throw new IllegalStateException("the defaults are wrong", e);
        }
    }

    private static Config config(Optional<Path> file, Values values) throws InvalidConfigException {
        try {
            return new Config(
                    values.get(ConfigKeys.ROOT),
                    values.get(ConfigKeys.ADDRESS),
                    values.get(ConfigKeys.CONTAINERD),
                    values.get(ConfigKeys.BACKEND),
                    values.get(ConfigKeys.KEEPER),
                    values.get(ConfigKeys.ADMIN),
                    values.get(ConfigKeys.LOG_LEVEL),
                    values.get(ConfigKeys.LOG_FORMAT),
                    values.get(ConfigKeys.PREPARE_TIMEOUT),
                    values.get(ConfigKeys.CHECKPOINT_INTERVAL),
                    values.get(ConfigKeys.PREFETCH),
                    new Config.Background(
                            values.get(ConfigKeys.BACKGROUND_DELAY), values.get(ConfigKeys.BACKGROUND_RATE)),
                    values.get(ConfigKeys.MAX_DISK),
                    new Config.Plain(
                            values.get(ConfigKeys.PLAIN_FETCH),
                            values.get(ConfigKeys.PLAIN_WAIT),
                            values.get(ConfigKeys.PLAIN_SPACING),
                            values.get(ConfigKeys.PLAIN_INDEXES)),
                    index(values),
                    registry(values),
                    credentials(values),
                    fill(values),
                    new Config.Fuse(values.get(ConfigKeys.FUSE_THREADS), values.get(ConfigKeys.FUSE_LOOP_DEVICES)),
                    new Config.Fanotify(values.get(ConfigKeys.FANOTIFY_THREADS)),
                    cachefiles(values));
        } catch (IllegalArgumentException e) {
            String place = file.map(path -> path + ": ").orElse("");
            throw new InvalidConfigException(place + e.getMessage(), e);
        }
    }

    private static Config.Index index(Values values) throws InvalidConfigException {
        return new Config.Index(
                values.get(ConfigKeys.INDEX_POLICY),
                values.get(ConfigKeys.INDEX_PINNED),
                values.get(ConfigKeys.INDEX_KEYS),
                values.get(ConfigKeys.INDEX_PUBLISH),
                values.get(ConfigKeys.INDEX_SIGNING_KEY));
    }

    private static Config.Registry registry(Values values) throws InvalidConfigException {
        return new Config.Registry(
                values.get(ConfigKeys.PLAIN_HTTP_HOSTS),
                values.get(ConfigKeys.CONFIG_PATH),
                values.get(ConfigKeys.HOSTS),
                values.get(ConfigKeys.CONNECT_TIMEOUT),
                values.get(ConfigKeys.READ_TIMEOUT),
                values.get(ConfigKeys.RETRIES),
                values.get(ConfigKeys.PATIENCE),
                values.get(ConfigKeys.DEADLINE),
                values.get(ConfigKeys.DOCKER_CONFIG));
    }

    private static Config.Credentials credentials(Values values) throws InvalidConfigException {
        return new Config.Credentials(
                values.get(ConfigKeys.CREDENTIAL_SOURCES),
                values.get(ConfigKeys.KUBERNETES_NAMESPACES),
                values.get(ConfigKeys.KUBERNETES_SECRETS),
                values.get(ConfigKeys.KUBERNETES_KUBECONFIG),
                values.get(ConfigKeys.KUBELET_CONFIG),
                values.get(ConfigKeys.KUBELET_BIN_DIR),
                values.get(ConfigKeys.CRI_ADDRESS));
    }

    private static Config.Cachefiles cachefiles(Values values) throws InvalidConfigException {
        return new Config.Cachefiles(
                values.get(ConfigKeys.CACHEFILES_DIRECTORY),
                values.get(ConfigKeys.CACHEFILES_TAG),
                new CullLimits(
                        values.get(ConfigKeys.CACHEFILES_RUN),
                        values.get(ConfigKeys.CACHEFILES_CULL),
                        values.get(ConfigKeys.CACHEFILES_STOP)),
                values.get(ConfigKeys.CACHEFILES_THREADS));
    }

    private static Config.Fill fill(Values values) throws InvalidConfigException {
        int threads = values.get(ConfigKeys.FILL_THREADS);
        return new Config.Fill(
                threads == 0 ? Runtime.getRuntime().availableProcessors() : threads,
                values.get(ConfigKeys.FILL_MEMORY),
                values.get(ConfigKeys.READ_AHEAD_MAX));
    }

    private static Map<String, Value> read(Path file) throws InvalidConfigException {
        Map<String, Value> values = new LinkedHashMap<>();
        flatten(file, "", TomlFile.read(file), values);
        return values;
    }

    private static void flatten(Path file, String prefix, JsonNode table, Map<String, Value> into)
            throws InvalidConfigException {
        for (Map.Entry<String, JsonNode> field : table.properties()) {
            String name = prefix + field.getKey();
            if (ConfigKeys.ALL.stream().anyMatch(key -> key.name().equals(name))) {
                into.put(name, new Value(file + ": " + name, field.getValue()));
            } else if (ConfigKeys.ALL.stream().noneMatch(key -> key.table().equals(name))) {
                throw new InvalidConfigException(
                        file + ": there is no key " + name + ", the nearest known one is " + nearest(prefix, name));
            } else if (field.getValue().isObject()) {
                flatten(file, name + ".", field.getValue(), into);
            } else {
                throw new InvalidConfigException(file + ": " + name + " must be a table, [" + name + "], but is "
                        + ConfigType.describe(field.getValue()));
            }
        }
    }

    /** @param prefix of the known table that the unknown name stands in, with a dot; empty at the top */
    private static String nearest(String prefix, String name) {
        return NearestName.of(
                name,
                ConfigKeys.ALL.stream()
                        .flatMap(key -> Stream.of(key.name(), key.table()))
                        .filter(known -> known.startsWith(prefix) && !known.isEmpty())
                        .toList());
    }

    /** @param place what a message calls it: file and key, or the option */
    private record Value(String place, JsonNode node) {}

    private record Values(Map<String, Value> byName) {
        <T> T get(ConfigKey<T> key) throws InvalidConfigException {
            Value value = byName.get(key.name());
            if (value == null) {
                return key.defaultValue();
            }
            return key.type()
                    .reader()
                    .apply(value.node())
                    .orElseThrow(() -> new InvalidConfigException(value.place() + " must be "
                            + key.type().expected() + ", but is " + ConfigType.describe(value.node())));
        }
    }
}
