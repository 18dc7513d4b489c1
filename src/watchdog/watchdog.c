#include "watchdog/watchdog.h"
