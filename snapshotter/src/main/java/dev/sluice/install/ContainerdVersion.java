package dev.sluice.install;

import static java.util.Objects.requireNonNull;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which containerd it is.
 *
 * @param text as it says it, such as {@code v2.4.2} or {@code 1.6.20~ds1}
 */
public record ContainerdVersion(int major, int minor, String text) {
    private static final Pattern NUMBERS = Pattern.compile("v?([0-9]{1,4})\\.([0-9]{1,4})(?:[^0-9].*)?");

    /** Since 2.3 the transfer service unpacks for the snapshotter {@code erofs}, too, if nothing is configured. */
    private static final int UNPACKS_EROFS = 2003;

    /** Since 2.1 CRI pulls through the transfer service. */
    private static final int CRI_TRANSFERS = 2001;

    /** Since 1.7 there is a transfer service. */
    private static final int TRANSFERS = 1007;

    private static final int RELATIVE_STARS = 1007;

    public ContainerdVersion {
        requireNonNull(text, "text is null");
    }

    /** @return empty if the text is no version */
    public static Optional<ContainerdVersion> parse(String text) {
        Matcher matcher = NUMBERS.matcher(text.strip());
        return matcher.matches()
                ? Optional.of(new ContainerdVersion(
                        Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2)), text.strip()))
                : Optional.empty();
    }

    boolean unpacksErofs() {
        return number() >= UNPACKS_EROFS;
    }

    boolean criTransfers() {
        return number() >= CRI_TRANSFERS;
    }

    boolean transfers() {
        return number() >= TRANSFERS;
    }

    /** Whether a relative import with a star is looked for beside the file that has it, not in the working directory. */
    boolean importsRelativeStars() {
        return number() >= RELATIVE_STARS;
    }

    private int number() {
        return major * 1000 + minor;
    }

    @Override
    public String toString() {
        return text;
    }
}
