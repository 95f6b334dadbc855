#pragma once
// How much an endpoint takes at the moment: nothing, everything, a share, or one request at a time.

namespace weir {

struct Intake {
    bool open = true;    // false: no new requests
    bool trial = false;  // one request at a time: it has failed, and whether it works again is not known yet
    double share = 1;    // of its limit and of its part of the load, above 0: it has just come up, or has a weight

    friend bool operator==(const Intake&, const Intake&) = default;
};

}  // namespace weir
