/** How a drill is named wherever people see it. */
export const drillName = (contract: string, disaster: string): string => `${contract}/${disaster}`;
